/* A helper's way to where its caller is: its root and working directory, with the jail's rights. */
#ifndef JAILER_INSIDE_H
#define JAILER_INSIDE_H

#include "caller.h"

#define PATH_BYTES 4096

/* Where a path has led to. */
struct place {
	int fd;			/* O_PATH */
	int parent;		/* the directory that has it; -1: not asked for */
	uint64_t mount;		/* the mount that it is on */
	char *name;		/* its last part */
	char path[PATH_BYTES];
};

/* A directory below the jail's own root; inside_enter() comes later. O_PATH, or -1 with errno. */
int inside_open(const struct caller *c, const char *path);

/* Enters the jail's user and mount namespaces, the caller's root and directory. 0, or -1. */
int inside_enter(const struct caller *c);

/* Follows links as the caller would, but for those of /proc. 0, or -1 with errno. */
int inside_find(const char *path, bool follow, struct place *place);

/* Finds the directory that the mount point `place` is in; EINVAL when it is none. 0, or -1. */
int inside_find_parent(struct place *place);

#endif
