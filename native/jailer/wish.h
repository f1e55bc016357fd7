/* What a caller wants of mount(2). */
#ifndef JAILER_WISH_H
#define JAILER_WISH_H

#include "caller.h"
#include "inside.h"

#define TYPE_BYTES 64

/* The arguments, copied once: the caller may change them meanwhile. */
struct wish {
	uint64_t flags;
	char source[PATH_BYTES];
	char target[PATH_BYTES];
	char type[TYPE_BYTES];
	char data[PATH_BYTES];
};

int wish_read(const struct caller *c, struct wish *w);

/* MOUNT_ATTR_* that it may choose. */
uint64_t wish_attributes(const struct wish *w);

/* 0, or -1 with errno. */
int mount_attributes(int mount, uint64_t set, uint64_t clear);

/* Changes a mount of the jail's own. 0, or -1 with errno. */
int answer_remount(const struct caller *c, struct wish *w);

#endif
