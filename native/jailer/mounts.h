/* One mount inside the jail, made detached and then moved onto a descriptor of its target. */
#ifndef JAILER_MOUNTS_H
#define JAILER_MOUNTS_H

#include "build.h"

/* A new file system of `type`, attached nowhere. `words`: strings one after another. */
int mount_detached(const char *type, const char *words, unsigned int count, uint64_t attributes);

/* Tells a file system that is being made or changed a word of its options. 0, or -1 with errno. */
int mount_configure(int fs, char *word);

/* Makes the `mount` record `item`; `tree` is what the jailer has made, or -1. */
int mount_item(int root, struct item *item, int tree);

/* Hides a file or directory by what lies on `shelf`. What is not there needs no hiding. */
int mount_mask(int root, int shelf, const char *target);

/* Lays what is seen at `target` over itself, read-only. What is not there is skipped. */
int mount_readonly(int root, const char *target);

#endif
