/*
 * Paths below the jail's root. Whatever the jail left there, no link on the way is followed and
 * nothing above the root is reached: every part is resolved by openat2(2) from a descriptor.
 */
#ifndef JAILER_TARGET_H
#define JAILER_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All return a descriptor, or -1 with errno (ELOOP for a link on the way). */

int target_open(int root, const char *path, int flags);

/* The directory that holds the last part of `path`; missing ones are made (0755). */
int target_parent(int root, const char *path, const char **last);

/* An O_PATH descriptor of the directory; made with `mode` when it is missing. */
int target_directory(int root, const char *path, mode_t mode);

/* What is there; an empty file is made when nothing is. */
int target_file(int root, const char *path, int flags);

/* The mount that `fd` is on, 0 when it cannot be told. */
uint64_t target_mount_id(int fd);

#endif
