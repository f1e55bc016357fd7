/* Words of the launch plan that stand for numbers of the kernel. */
#ifndef JAILER_NAMES_H
#define JAILER_NAMES_H

#include "plan.h"

/* "mount,pid" → CLONE_NEWNS | CLONE_NEWPID. Cuts `list` up. */
bool namespaces_parse(char *list, uint64_t *flags);

bool mount_type_parse(const char *name, enum mount_type *type);

/* The word for fsopen(2); NULL for a bind. */
const char *mount_type_name(enum mount_type type);

/* RLIMIT_* for "nofile" and the like, -1 when there is none. */
int rlimit_number(const char *name);

#endif
