/* The descriptors 0 to 3 of the jail's init: what its commands get, and the channel. */
#ifndef JAILER_STREAMS_H
#define JAILER_STREAMS_H

#include "plan.h"

/* Puts channel and outputs (or -1) where init.h has them; all others go. */
void streams_arrange(int channel, const int outputs[2]);

/* Inside the jail: replaces the host's /dev/null. */
void streams_settle(const struct plan *plan);

/* A foreground jail gets its client's streams, or those of a terminal. */
void streams_attach(const struct plan *plan, const int *fds, int count);

/* init itself has no more need of them. */
void streams_let_go(const struct plan *plan);

#endif
