/* The helper that answers one call, and what it knows of the caller. */
#ifndef JAILER_CALLER_H
#define JAILER_CALLER_H

#include "answers.h"
#include "jailer.h"

#include <linux/seccomp.h>

enum call { CALL_NONE, CALL_SETHOSTNAME, CALL_SETDOMAINNAME, CALL_UNAME, CALL_MOUNT, CALL_UMOUNT };

enum call call_of(const struct plan *plan, const struct seccomp_data *data);

struct caller {
	struct jailer *jailer;
	const struct seccomp_notif *notice;
	int listener;
	int process;		/* its directory in /proc: never another process of that number */
	int memory;
};

/* Is it still waiting for its answer? */
bool caller_waits(const struct caller *c);

/* The user of the jail that number 0 is. */
bool caller_is_root(const struct caller *c);

/* Has it left the jail's namespace of this kind ("ns/mnt") for one of its own? */
bool caller_has_own(const struct caller *c, const char *kind);

/*
 * Copies a string of the caller, once. Returns its length, or -1 with errno: EFAULT, or
 * ENAMETOOLONG for one that does not fit.
 */
ssize_t caller_text(const struct caller *c, uint64_t address, char *text, size_t size);

/* Copies `size` bytes. 0, or -1 with errno. */
int caller_read(const struct caller *c, uint64_t address, void *bytes, size_t size);
int caller_write(const struct caller *c, uint64_t address, const void *bytes, size_t size);

/* Runs in the helper: answers the call and tells the jailer. */
_Noreturn void caller_answer(struct jailer *j, const struct seccomp_notif *notice, int listener,
			     int result, bool joined);

/* The answers themselves: 0, or errno in `answer`. */
void answer_name(const struct caller *c, enum call call, struct answer *answer);
void answer_uname(const struct caller *c, struct answer *answer);
void answer_mount(const struct caller *c, struct answer *answer);
void answer_umount(const struct caller *c, struct answer *answer);

#endif
