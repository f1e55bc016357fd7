/* Into the jail's cgroups. */
#ifndef JAILER_CGROUPS_H
#define JAILER_CGROUPS_H

#include "plan.h"

/* Writes `text` to a file of the kernel, in one piece. 0, or -1 with errno. */
int control_write(const char *path, const char *text);

/*
 * Takes the calling process, which has one thread, into the cgroups that spawn() has not joined.
 * It writes itself ("0") rather than being written by its pid: for a thread that moves itself into
 * `tasks` the kernel takes no lock over all threads, which it waits for up to 16 ms (an RCU grace period).
 * NULL, or the file that refused it.
 */
const char *cgroups_join(const struct plan *plan, bool joined);

#endif
