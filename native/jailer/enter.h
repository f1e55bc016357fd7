/*
 * The last steps of every process that runs a command in the jail: those that init starts and
 * those of `exec`. There is one way down only, so that exec is never wider than start.
 */
#ifndef JAILER_ENTER_H
#define JAILER_ENTER_H

#include "channel.h"
#include "plan.h"

#include <stdbool.h>

struct entry {
	const struct plan *plan;
	const char *user;
	const char *workdir;	/* NULL: the home directory */
	bool login;
	bool terminal;		/* descriptor 0 is one, and becomes the controlling terminal */
	char *const *argv;
	char **env;		/* with room for ENV_LOGIN more; env_count does not count them */
	size_t env_count;
	int (*instead)(void *);	/* done in place of executing argv, which it has none of then: the exit code */
	void *about;		/* what `instead` is given */
	int report;		/* close-on-exec: gets a struct report when a step fails */
};

#define ENV_LOGIN 4

struct report {
	uint32_t step;
	int32_t error;
};

/* Puts NAME=VALUE into `env`, in place of one of the same name. There must be room. */
void env_put(char **env, size_t *count, char *entry);

/* The capabilities that it takes to enter(): those of the commands, and more where they lack it. */
uint64_t entry_caps(const struct plan *plan);

/*
 * Called in a child of init with descriptors 0, 1 and 2 in place, as root of the jail. Executes, or
 * reports and exits.
 */
_Noreturn void enter(struct entry *e);

/* What a step that failed was about: the user, the working directory, else the program. */
const char *entry_subject(enum step step, const char *user, const char *workdir, const char *program);

/* The empty device of the jail itself, or a pipe at its end where the jail has none. */
int open_null(void);

#endif
