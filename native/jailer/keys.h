/* THE TABLE of keys of the launch plan, and how each is read. */
#ifndef JAILER_KEYS_H
#define JAILER_KEYS_H

#include "plan.h"

/*
 * Reads the fields of the record `name`. False refuses the plan. `seen`: the keys so far, one bit
 * each; 0 before the first.
 */
bool key_read(struct plan *p, const char *name, struct fields *f, uint64_t *seen);

/* Memory that lives as long as the plan, or NULL. */
void *take_spare(struct plan *p, size_t n);

#endif
