/* What PID 1 does once the jail is built: it starts the jail's commands, reaps, and hears its jailer. */
#ifndef JAILER_COMMANDS_H
#define JAILER_COMMANDS_H

#include "plan.h"

#include <signal.h>

/* Signals that end programs end the jail. */
static inline bool ends_jail(int sig)
{
	return sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGKILL;
}

/* `signals`: a signalfd. Ends with the jail. */
_Noreturn void commands_run(struct plan *plan, int signals);

#endif
