/*
 * The part of building that needs the host: copies of its mounts, and device nodes, made with the
 * host's rights and handed to the jail's init as descriptors, in the order in which it asks for them.
 */
#ifndef JAILER_TREES_H
#define JAILER_TREES_H

#include "plan.h"
#include "steps.h"

/* What went wrong. */
struct fault {
	enum step step;
	const char *subject;
	int error;
};

/*
 * Makes the shelf of nodes where the plan needs one, a copy of the root, and each bind and `nodes`;
 * sends them over `channel`. `userns`: the jail's user namespace, or -1. Returns 0, or -1 with `fault`.
 */
int trees_send(const struct plan *plan, int channel, int userns, struct fault *fault);

#endif
