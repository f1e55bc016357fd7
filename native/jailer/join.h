/* The way of a command into a jail that already runs. */
#ifndef JAILER_JOIN_H
#define JAILER_JOIN_H

#include "jailer.h"

/* The exec fields of a message. Points into it, but for the two arrays. */
struct request {
	const char *user;	/* empty: the plan's */
	const char *workdir;	/* empty: the plan's */
	bool terminal;
	bool login;
	char **argv;
	size_t argc;
	char **env;
	size_t env_count;
	size_t size;		/* of the arrays, in bytes */
};

bool request_parse(struct request *r, struct fields *f);
void request_free(struct request *r);

/*
 * Runs in the helper: joins cgroups and namespaces, starts the command as a child of the jailer
 * with its pid in `*spawned`, and exits. `stdio`: three descriptors, or NULL for those of the
 * log. `report`: gets a struct report, and the master of a terminal.
 */
_Noreturn void join(struct jailer *j, const struct request *r, bool joined, const int *stdio,
		    int report, pid_t *spawned);

#endif
