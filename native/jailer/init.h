/* PID 1 of the jail. */
#ifndef JAILER_INIT_H
#define JAILER_INIT_H

#include "plan.h"

/* Where the channel to the jailer is in init; 0, 1 and 2 are those of the commands. */
#define INIT_CHANNEL 3

/*
 * The first process of the jail, from its clone on. `channel`: to the jailer. `outputs`: where
 * stdout and stderr go, or -1. `joined`: it was born in the v2 cgroup.
 */
_Noreturn void init(struct plan *plan, int channel, const int outputs[2], bool joined);

#endif
