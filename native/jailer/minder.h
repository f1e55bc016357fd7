/* Who sees to it that nothing of a check is left when it has ended, or has had its time. */
#ifndef JAILER_MINDER_H
#define JAILER_MINDER_H

#include <sys/types.h>

/* What init hears when a minder ends. Not SIGCHLD: a jail is empty in which nothing but checks is left. */
#define MINDER_ENDED SIGURG

/* As fork(2), for a minder: only a wait(2) with __WCLONE sees it. */
pid_t minder_fork(void);

/*
 * Called in that child. Returns in a child of its own, which is to become the check; the minder waits for its
 * end or for SIGTERM, kills all that has come of it, and ends as it has ended. `report`: for a struct report.
 */
void mind(int report);

#endif
