#include "drop.h"
#include "calls.h"
#include "caps.h"
#include "landlock.h"
#include "outside.h"

#include <errno.h>
#include <limits.h>
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

/* The directory of the jail, that of its log, its cgroup. */
#define PLACES 3

/* Looking for leaks at the end takes a thread, /proc and ptrace(2). */
#ifdef __SANITIZE_ADDRESS__
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* The directory of the log: a descriptor, or -1 with errno. `name`: the file in it. */
static int open_logs(const char *path, const char **name)
{
	char buffer[PATH_MAX];
	int directory = outside_directory(path, name);
	size_t n;

	if (directory != AT_FDCWD)
		return directory;
	*name = strrchr(path, '/') + 1;
	n = (size_t)(*name - path);
	errno = ENAMETOOLONG;
	if (n >= sizeof(buffer))
		return -1;
	memcpy(buffer, path, n);
	buffer[n] = '\0';
	return open(buffer, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* As those whose capabilities are in effect. An empty name: the directory itself. */
static bool may(int directory, const char *name, int mode)
{
	return syscall(SYS_faccessat2, directory, name, mode,
		       AT_EACCESS | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) == 0;
}

/* Whether the exit record and the log can be written by being root alone, as whose they mostly are. */
static bool writes_as_root(const struct plan *p)
{
	const char *name;
	int logs;
	bool can = may(AT_FDCWD, p->rundir, W_OK | X_OK);

	if (p->log_path == NULL || !can)
		return can;
	logs = open_logs(p->log_path, &name);
	can = logs >= 0 && may(logs, "", W_OK | X_OK) && may(logs, name, R_OK | W_OK);
	if (logs >= 0)
		close(logs);
	return can;
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

/* Helpers have the files of /proc to read and mounts to make, which nobody may who is restricted. */
static int restrict_files(const struct plan *p)
{
	const uint64_t keeping = LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_TRUNCATE |
				 LANDLOCK_MAKE_FILE | LANDLOCK_REMOVE_FILE;
	/* cgroup.kill is all that is written there. */
	const uint64_t rights[PLACES] = { keeping, keeping, LANDLOCK_WRITE_FILE };
	const int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	struct landlock_place places[PLACES];
	const char *name;
	int fds[PLACES], count = 0, result, error;

	if (answers_wanted(p) || SANITIZED)
		return 0;
	fds[0] = open(p->rundir, flags);
	fds[1] = p->log_path == NULL ? -1 : open_logs(p->log_path, &name);
	fds[2] = p->cgroup == NULL ? -1 : open(p->cgroup, flags);
	for (int i = 0; i < PLACES; i++)
		if (fds[i] >= 0)
			places[count++] = (struct landlock_place){ fds[i], rights[i] };
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
