/*
 * Calls that the jailer answers in place of the kernel (seccomp_unotify(2)): what Linux grants only
 * together with much else, or not at all. A filter of its own, below the policy, sends them here;
 * a short-lived helper answers each, so that nothing a jail does can make the jailer wait.
 */
#ifndef JAILER_ANSWERS_H
#define JAILER_ANSWERS_H

#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct jailer;

#define MADE_MAX 256

/* A mount that the jail has made for itself: these it may change and take away. */
struct made {
	uint64_t id;		/* as target_mount_id() has it; 0: none */
	uint64_t kept;		/* MOUNT_ATTR_*: what it may not shed */
	bool fresh;		/* a file system of its own, not a copy of what was there */
	bool deep;		/* came with mounts below it, which are locked to it */
};

/* What a helper tells the jailer. */
struct answer {
	int32_t error;		/* errno for the caller; 0: done */
	bool pass;		/* not ours: the kernel decides */
	bool unmounted;
	struct made made;
};

/* The jailer's side. */
struct answers {
	int listener;		/* where calls come in; -1: none yet, or no more */
	uint64_t call;		/* the one that is being answered */
	int helper;		/* a pidfd; -1: no call is being answered */
	int result;		/* socket from the helper; -1: `answer` has come */
	struct answer answer;
	int64_t deadline;	/* ms of the monotonic clock */
	int made_count;
	struct made made[MADE_MAX];
};

/* Is there a call to answer in this plan? */
bool answers_wanted(const struct plan *plan);

/*
 * Loads the filter into the calling process, which needs CAP_SYS_ADMIN in its user namespace, and
 * all that it starts. Returns the listener, or -1 with errno.
 */
int answers_load(const struct plan *plan);

void answers_reset(struct answers *a);
/* Takes `listener` over: that of init, under whose filter all commands are. */
void answers_begin(struct answers *a, int listener);
/* What the jailer is to watch for answers_serve(); -1: nothing. */
int answers_fd(const struct answers *a);
/* Takes one call, or the answer to it. */
void answers_serve(struct jailer *j);
/* Milliseconds until a helper has had its time, -1: there is none. */
int answers_timeout(const struct answers *a);
void answers_expire(struct jailer *j);
/* The jail is gone. */
void answers_end(struct jailer *j);

/* made.c */
struct made *made_find(struct answers *a, uint64_t id);
/* `pid`: somebody in the jail's mount namespace. Forgets mounts that are not there any more. */
void made_prune(struct answers *a, pid_t pid);
void made_add(struct answers *a, const struct made *made);

#endif
