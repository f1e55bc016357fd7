/*
 * What processes of the jail say of themselves over a datagram socket, sd_notify(3). Of each NAME the last value is
 * kept, so that nobody can say more than jaild takes.
 */
#ifndef JAILER_NOTICES_H
#define JAILER_NOTICES_H

#include "plan.h"

#include <stdint.h>

struct jailer;

/* Makes the plan's socket, where it has one. 0, or -1 with errno. */
int notices_open(const struct plan *plan);

/* The socket, while it is to be read; or -1. */
int notices_fd(void);

/* Takes what is there, so much at a time. */
void notices_take(const struct plan *plan);

/* Tells the monitor what it has not been told, when it is time, and when it reads. */
void notices_tell(struct jailer *j);

/* A new monitor is there: it is told the jail's state again. */
void notices_repeat(void);

/* The jail is over: what was said last is told at once. */
void notices_end(struct jailer *j);

/* Milliseconds until there is something to do; -1: nothing. */
int notices_timeout(struct jailer *j);

#endif
