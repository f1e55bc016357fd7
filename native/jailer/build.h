/* The jail's inside, from its empty namespaces to the last mount. Runs in the jail's init. */
#ifndef JAILER_BUILD_H
#define JAILER_BUILD_H

#include "channel.h"
#include "plan.h"

struct builder {
	struct plan *plan;
	int channel;
	int root;		/* the jail's root directory */
	int files, nodes;	/* shelves, or -1 */
	struct order batch;	/* the trees at hand */
	int trees[TREES_MAX];
	int tree_count;
	int batch_at;
	int tree_at;
};

/* Tells the jailer, and ends the process: the jail is not built. */
_Noreturn void build_fail(int channel, enum step step, const char *subject);

/* Once the user and group maps are written: root of the namespaces, cut off from the host. */
void build_prepare(const struct plan *plan, int channel);

/*
 * `first`: the order that carries the first trees, and their descriptors. Returns a descriptor of the jail's message
 * queues, if landlock is to leave them open; or -1.
 */
int build_inside(struct plan *plan, int channel, const struct order *first, const int *fds,
		 int count);

#endif
