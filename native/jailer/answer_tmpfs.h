/* What a jail may say of a memory file system of its own. */
#ifndef JAILER_ANSWER_TMPFS_H
#define JAILER_ANSWER_TMPFS_H

#include "plan.h"

/*
 * The options of mount(2) in `data`, which is cut, as words for fsconfig(2) in `words`: as the plan
 * limits them. `changing`: for a file system that is there, where most are fixed. Returns their number,
 * or -1 for one that is not known.
 */
int tmpfs_words(const struct mount_options *limits, char *data, bool changing, char *words,
		size_t size);

#endif
