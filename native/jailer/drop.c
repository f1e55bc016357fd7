#include "drop.h"
#include "calls.h"
#include "caps.h"
#include "landlock.h"
#include "text.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>

#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

#define BIT(cap) (1ULL << (cap))

/* For what helpers do in place of the jail's root, before and after they enter the jail. */
#define ANSWERING                                                                                  \
	(BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_PTRACE) | BIT(CAP_SYS_CHROOT) | BIT(CAP_DAC_OVERRIDE))

#define PLACES_MAX 3

/* Looking for leaks at the end takes a thread, /proc and ptrace(2). */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* The directory of a file: `buffer` has it. */
static const char *directory_of(const char *path, char *buffer, size_t size)
{
	size_t n = (size_t)(strrchr(path, '/') - path);

	if (n >= size)
		return NULL;
	memcpy(buffer, path, n);
	buffer[n] = '\0';
	return n == 0 ? "/" : buffer;
}

/* As those whose capabilities are in effect. */
static bool may(const char *path, int mode)
{
	return syscall(SYS_faccessat2, AT_FDCWD, path, mode, AT_EACCESS) == 0;
}

/* Whether the exit record and the log can be written by being root alone, as whose they mostly are. */
static bool writes_as_root(const struct plan *p)
{
	char buffer[4096];
	const char *logs = p->log_path == NULL ? NULL : directory_of(p->log_path, buffer, sizeof(buffer));

	return may(p->rundir, W_OK | X_OK) &&
	       (p->log_path == NULL ||
		(logs != NULL && may(logs, W_OK | X_OK) && may(p->log_path, R_OK | W_OK)));
}

/* What is needed as long as the jail runs. Root of the host needs nothing to kill root of its namespace. */
static uint64_t lasting(const struct jailer *j)
{
	const struct plan *p = &j->plan;
	uint64_t mask = j->overrides ? BIT(CAP_DAC_OVERRIDE) : 0;

	if (SANITIZED)
		return ~0ULL;
	if (!answers_wanted(p))
		return mask;
	/* Without a user namespace a helper cannot get there what it does not have here. */
	return mask | ANSWERING | ((p->namespaces & CLONE_NEWUSER) != 0 ? 0 : p->caps);
}

static int add_place(struct landlock_place *places, int count, const char *path, uint64_t rights)
{
	if (path == NULL)
		return count;
	places[count].fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	places[count].rights = rights;
	return places[count].fd < 0 ? count : count + 1;
}

/* Helpers have the files of /proc to read and mounts to make, which nobody may who is restricted. */
static int restrict_files(const struct plan *p)
{
	const uint64_t keeping = LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE |
				 LANDLOCK_MAKE_FILE | LANDLOCK_REMOVE_FILE;
	struct landlock_place places[PLACES_MAX];
	char buffer[4096];
	int count = 0, result, error;

	if (answers_wanted(p) || SANITIZED)
		return 0;
	count = add_place(places, count, p->rundir, keeping);
	if (p->log_path != NULL)
		count = add_place(places, count, directory_of(p->log_path, buffer, sizeof(buffer)), keeping);
	/* cgroup.kill */
	count = add_place(places, count, p->cgroup, LANDLOCK_WRITE_FILE);
	result = landlock_restrict(LANDLOCK_ALL_FILES, LANDLOCK_ABSTRACT_SOCKETS, places, count);
	error = errno;
	for (int i = 0; i < count; i++)
		close(places[i].fd);
	errno = error;
	return result;
}

static int fail(struct fault *fault, const char *subject)
{
	*fault = (struct fault){ .step = STEP_DROP, .subject = subject, .error = errno };
	return -1;
}

int drop_most(struct jailer *j, struct fault *fault)
{
	/* To raise the limits of init. */
	const uint64_t yet = BIT(CAP_SYS_RESOURCE);

	if (caps_use(~BIT(CAP_DAC_OVERRIDE) & ~BIT(CAP_DAC_READ_SEARCH)) < 0)
		return fail(fault, "capabilities");
	j->overrides = !writes_as_root(&j->plan);
	if (caps_use(~0ULL) < 0 || caps_bound(lasting(j)) < 0)
		return fail(fault, "bounding set");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(fault, "no_new_privs");
	if (restrict_files(&j->plan) < 0)
		return fail(fault, "landlock");
	if (!SANITIZED && drop_calls(&j->plan) < 0)
		return fail(fault, "seccomp");
	return caps_set(lasting(j) | yet) < 0 ? fail(fault, "capabilities") : 0;
}

int drop_rest(struct jailer *j, struct fault *fault)
{
	return caps_set(lasting(j)) < 0 ? fail(fault, "capabilities") : 0;
}
