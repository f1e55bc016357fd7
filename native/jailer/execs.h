/* The commands that init starts for somebody outside: those of `exec`, and checks. */
#ifndef JAILER_EXECS_H
#define JAILER_EXECS_H

#include "channel.h"
#include "plan.h"

#include <stdbool.h>

#define EXEC_MAX 64

/* What comes with ORDER_EXEC: the request, the report, and standard streams or those of the log; with ORDER_CHECK: one for what it prints. */
#define EXEC_FDS 5

struct execs {
	struct {
		pid_t pid;	/* 0: the place is free */
		uint32_t id;	/* the jailer's name for it */
	} at[EXEC_MAX];
};

/* Starts what the order asks for; takes its descriptors over. */
void exec_start(struct execs *x, const struct plan *plan, const struct order *order, const int *fds,
		int count);

/* A child of init has ended; false when it was none of these. */
bool exec_reaped(struct execs *x, pid_t pid, struct ending e);

/* A signal to the command's process group, or to a check's minder. */
void exec_signal(const struct execs *x, uint32_t id, int sig);

#endif
