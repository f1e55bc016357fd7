/* Capability sets. */
#ifndef JAILER_CAPS_H
#define JAILER_CAPS_H

#include <stdint.h>

/* All return 0, or -1 with errno. */

/* Takes everything but `mask` out of the bounding set; the ambient set becomes empty. */
int caps_bound(uint64_t mask);

/* Permitted = effective = `mask` as far as it is there now; inheritable = nothing. */
int caps_set(uint64_t mask);

/* Effective = `mask` as far as it is permitted. */
int caps_use(uint64_t mask);

#endif
