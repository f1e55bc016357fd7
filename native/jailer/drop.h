/*
 * What the jailer gives up. It is outside of the jail, and of what it reads some comes from there:
 * whoever makes it err shall find little in his hands.
 */
#ifndef JAILER_DROP_H
#define JAILER_DROP_H

#include "jailer.h"

/*
 * Once init has all that it is built from: capabilities, system calls, and files but for those that
 * the jailer keeps writing. 0, or -1 with `fault`.
 */
int drop_most(struct jailer *j, struct fault *fault);

/* Once init has its limits: the rest. */
int drop_rest(struct jailer *j, struct fault *fault);

/* drop_filter.c: leaves the system calls that remain to be done; the others are ENOSYS. 0, or -1. */
int drop_calls(const struct plan *plan);

#endif
