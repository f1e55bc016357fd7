/*
 * Files and device nodes of the jail's own: made in small file systems that lie below the jail's
 * root while it is built and are gone with the host's mounts afterwards, and bound from there.
 */
#ifndef JAILER_SHELF_H
#define JAILER_SHELF_H

#include "build.h"
#include "steps.h"

/* Turns the hexadecimal `text` into bytes in its own place. False when it is none. */
bool hex_decode(char *text, uint64_t *size);

/*
 * Jailer: a file system with all `node` records of the plan, attached nowhere. It has to come from
 * here: nodes in a file system that a jail has made are no devices. -1 with errno; `*refused` is
 * the target of the record to blame.
 */
int shelf_nodes(const struct plan *plan, const char **refused);

/* Init, in the host's mounts. `nodes`: of shelf_nodes(), or -1. Ends the process on failure. */
void shelf_attach(struct builder *b, int nodes);

/* Binds the file or node of the record `item` to its target. 0, or -1 with errno. */
int shelf_bind(struct builder *b, struct item *item);

#endif
