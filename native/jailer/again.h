/* A first process in what an earlier life of the jail has left. */
#ifndef JAILER_AGAIN_H
#define JAILER_AGAIN_H

#include "plan.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * As spawn() in launch.c, with the network namespace of plan->netns, and with the user namespace that it was made in
 * where the plan has one. 0 in the child; in the jailer its pid, or -1 with errno.
 */
pid_t spawn_again(const struct plan *plan, uint64_t flags, int *pidfd, bool *joined);

#endif
