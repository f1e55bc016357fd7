/* The jail's own /etc/passwd and /etc/group: files that whoever is root in the jail has written. */
#ifndef JAILER_PASSWD_H
#define JAILER_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define GROUPS_MAX 512

struct user {
	uid_t uid;
	gid_t gid;
	char name[64];		/* empty: not in the file */
	char home[512];
	char shell[512];
	gid_t groups[GROUPS_MAX];
	size_t group_count;
};

/*
 * Finds NAME, UID or UID:GID. A UID that the file does not have gets a group of the same number.
 * `details`: the home directory is wanted even for a UID:GID. Returns 0, or -1 with errno: ENOENT
 * for an unknown name, EINVAL for a file that is no regular file, EFBIG for one over 1 MiB. For
 * the uid 0 a passwd that can't be read is one that does not have him.
 */
int user_find(const char *text, bool details, struct user *user);

#endif
