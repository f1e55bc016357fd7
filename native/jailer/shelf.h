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

/* What masks are copies of: an empty file, an empty directory. No device, which a jail could have a hand in. */
#define SHELF_FILE "file"
#define SHELF_DIRECTORY "directory"
/* Where they are while the jail is built. */
#define SHELF_PATH "/dev/"

/* Whether the plan has masks, or nodes that are bound. */
bool shelf_is_needed(const struct plan *plan);

/*
 * Jailer: a file system with what masks need and the `node` records that lie in no `nodes` of the
 * plan, attached nowhere and read-only. It has to come from here: nodes in a file system that a
 * jail has made are no devices. -1 with errno; `*refused` is the target of the record to blame.
 */
int shelf_nodes(const struct plan *plan, const char **refused);

/* Jailer: the file system of the `nodes` mount `item` with all nodes in it. As shelf_nodes(). */
int shelf_mount_nodes(const struct plan *plan, const struct item *item, const char **refused);

/* Init, in the host's mounts. `nodes`: of shelf_nodes(), or -1. Ends the process on failure. */
void shelf_attach(struct builder *b, int nodes);

/*
 * Init: a new file system of `type`, over the shelves, which nobody finds by their path any more. Closing a detached one
 * would wait until all processors have seen it go (synchronize_rcu()); this one goes with the host's mounts. A
 * descriptor, or -1 with errno.
 */
int shelf_lay(const char *type);

/* The file or node of the record `item`, at its target. 0, or -1 with errno. */
int shelf_bind(struct builder *b, struct item *item);

#endif
