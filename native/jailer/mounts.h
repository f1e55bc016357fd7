/* One mount inside the jail, made detached and then moved onto a descriptor of its target. */
#ifndef JAILER_MOUNTS_H
#define JAILER_MOUNTS_H

#include "build.h"

/* A new file system of `type`, attached nowhere. `words`: strings one after another. */
int mount_detached(const char *type, const char *words, unsigned int count, uint64_t attributes);

/* Tells a file system that is being made or changed a word of its options. 0, or -1 with errno. */
int mount_configure(int fs, char *word);

/*
 * Where `*target` is looked up: below the last mount of this plan that it lies in, `*target` then
 * being the rest of it, else below the root. By name, who swaps directories in the root
 * meanwhile has what lies on a mount looked for where it is not.
 */
int mount_base(const struct builder *b, const char **target);

/* Makes the `mount` record `item`; `tree` is what the jailer has made, or -1. */
int mount_item(struct builder *b, struct item *item, int tree);

/* Hides a file or directory by what lies on the shelf. What is not there needs no hiding. */
int mount_mask(const struct builder *b, const char *target);

/* Lays what is seen at the target of `item` over itself, read-only. What is not there is skipped. */
int mount_readonly(struct builder *b, struct item *item);

/* Closes what mount_base() needs. */
void mount_let_go(struct builder *b);

#endif
