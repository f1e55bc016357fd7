/*
 * A policy's text, one statement a line, `#` begins a comment:
 *
 *   default ACTION                  for every call that no rule names
 *   badarch ACTION                  for calls of another architecture (kill, when not given)
 *   arch NAME                       also lets calls of this architecture in
 *   ACTION CALL [CONDITION, ...]    all conditions must hold
 *   ?ACTION CALL ...                left out where libseccomp does not know the call
 *
 * ACTION is `allow`, `errno NAME`, or `kill`; CONDITION is `argN == VALUE` or
 * `argN & MASK == VALUE`. The order of lines does not matter: a refusal with a condition wins over
 * `allow`, `allow` wins over a refusal without a condition.
 */
#ifndef SECCOMP_POLICY_H
#define SECCOMP_POLICY_H

#include "filter.h"

#include <stdio.h>

struct mistake {
	unsigned int line;
	const char *subject;	/* the word at fault, or "" */
	const char *what;
	char text[256];		/* of the line; `subject` points into it */
};

/* Returns 0, or -1 with the first mistake. */
int read_policy(FILE *in, struct filter *f, struct mistake *m);

#endif
