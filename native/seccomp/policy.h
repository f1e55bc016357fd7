/*
 * A policy's text, one statement a line, `#` begins a comment:
 *
 *   default ACTION                  for every call that no rule names
 *   badarch ACTION                  for calls of another architecture (kill, when not given)
 *   arch NAME                       also lets calls of this architecture in; before all rules
 *   ACTION CALL [CONDITION, ...]    all conditions must hold
 *   ?ACTION CALL ...                left out where libseccomp does not know the call
 *   profile                         the rules from here on are one filter, as libseccomp makes it
 *   newer ACTION                    for calls behind the newest that the profile names
 *
 * ACTION is `allow`, `log` (allow, and write it to the audit log), `errno NAME`, `trap` (SIGSYS),
 * `kill` (the process) or `kill-thread`. CONDITION is `argN OP VALUE`, where OP is one of == != <
 * <= > >=, or `argN & MASK == VALUE`.
 *
 * The order of lines does not matter: a refusal with a condition wins over `allow`, `allow` wins
 * over a refusal without a condition. What the rules before `profile` say nothing of goes through
 * the profile. There the rules of one call are tried as libseccomp(3) orders them, and one without
 * a condition stands for all of its call.
 */
#ifndef SECCOMP_POLICY_H
#define SECCOMP_POLICY_H

#include "filter.h"

#include <stdio.h>

struct mistake {
	unsigned int line;
	const char *subject;	/* the word at fault, or "" */
	const char *what;
	char text[512];		/* of the line; `subject` points into it */
};

/* Returns 0, or -1 with the first mistake. */
int read_policy(FILE *in, struct filter *f, struct mistake *m);

#endif
