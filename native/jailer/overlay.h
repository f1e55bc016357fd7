/*
 * A root of several directories: read-only ones below, and one on top that takes what the jail
 * writes. Each is mapped to the jail's users before the kernel lays them over each other.
 */
#ifndef JAILER_OVERLAY_H
#define JAILER_OVERLAY_H

#include "trees.h"

/* Is the root of this plan more than one directory? */
static inline bool overlay_wanted(const struct plan *plan)
{
	return plan->layers.first != NULL || plan->ephemeral;
}

/*
 * Makes the plan's root, attached nowhere. `userns`: the jail's user namespace, or -1. Returns its
 * descriptor, or -1 with `fault`.
 */
int overlay_make(const struct plan *plan, int userns, struct fault *fault);

#endif
