#include "again.h"
#include "calls.h"
#include "cgroups.h"
#include "jailer.h"
#include "text.h"

#include <errno.h>
#include <linux/nsfs.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* What the go-between says: the pid, or an errno where it is 0. */
struct birth {
	pid_t pid;
	int error;
};

/*
 * What the earlier life was held to counts for whoever makes the namespaces of the next one, too. A new user namespace
 * has no limits either (create_user_ns() in kernel/user_namespace.c); the plan's follow while the jail is built.
 */
static int lift_quotas(void)
{
	static const char *const kinds[] = { "pid", "uts", "ipc", "cgroup", "mnt" };
	char path[64];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		text_join(path, sizeof(path), "/proc/sys/user/max_", kinds[i], "_namespaces");
		if (control_write(path, "2147483647") < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* Power over a network namespace lies with the user namespace that it was made in: the jail lives in that again. */
static int enter_left(const struct plan *p)
{
	int netns = open(p->netns, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int userns = -1;

	if (netns < 0)
		return -1;
	if ((p->namespaces & CLONE_NEWUSER) != 0) {
		userns = ioctl(netns, NS_GET_USERNS);
		if (userns < 0 || setns(userns, CLONE_NEWUSER) < 0 || lift_quotas() < 0)
			return -1;
	}
	return setns(netns, CLONE_NEWNET);
}

/*
 * The jailer cannot enter the user namespace itself, for there is no way back. Its child does, and has there a child
 * that is the jailer's (CLONE_PARENT). Returns in that one alone.
 */
static void go_between(const struct plan *plan, uint64_t flags, int report, bool *joined)
{
	const uint64_t left = CLONE_NEWUSER | CLONE_NEWNET;
	struct birth birth = { .pid = -1 };

	if (enter_left(plan) == 0)
		birth.pid = spawn(plan, (flags & ~left) | CLONE_PARENT, NULL, joined);
	if (birth.pid == 0)
		return;
	if (birth.pid < 0)
		birth = (struct birth){ .error = errno };
	_exit(write(report, &birth, sizeof(birth)) == (ssize_t)sizeof(birth) ? 0 : 1);
}

static pid_t hear(int report, int *pidfd)
{
	struct birth birth;

	errno = ECHILD;		/* killed before it could say anything */
	if (read(report, &birth, sizeof(birth)) != (ssize_t)sizeof(birth))
		return -1;
	errno = birth.error;
	if (birth.pid == 0)
		return -1;
	/* Ours, and not reaped: nobody else can have the number. */
	*pidfd = sys_pidfd_open(birth.pid);
	return birth.pid;
}

pid_t spawn_again(const struct plan *plan, uint64_t flags, int *pidfd, bool *joined)
{
	struct spawn_args plain = { .exit_signal = SIGCHLD };
	pid_t between, pid;
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	between = sys_clone3(&plain);
	if (between == 0) {
		go_between(plan, flags, ends[1], joined);
		return 0;
	}
	close(ends[1]);
	pid = between < 0 ? -1 : hear(ends[0], pidfd);
	error = errno;
	close(ends[0]);
	if (between > 0)
		waitpid(between, NULL, 0);
	errno = error;
	return pid;
}
