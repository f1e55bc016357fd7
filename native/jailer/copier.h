/*
 * Copies of what is mounted in a jail, in which the masks of /proc cannot be taken off again. The
 * kernel locks mounts together when they pass into another user namespace: so a process goes there
 * with them, copies, and ends.
 */
#ifndef JAILER_COPIER_H
#define JAILER_COPIER_H

#include "jailer.h"

/* Starts the process, while this one has the host's rights. Returns a socket to it, or -1 with errno. */
int copier_start(const struct jailer *j);

/*
 * Has the directory `source` of the jail copied: alone where nothing is mounted below, else with
 * all of that, which sets `*deep`. Returns the copy, or -1 with errno.
 */
int copier_copy(int copier, int source, bool *deep);

#endif
