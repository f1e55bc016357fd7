#include "again.h"
#include "calls.h"
#include "cgroups.h"
#include "filter.h"
#include "init.h"
#include "jailer.h"
#include "names.h"
#include "notices.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

static int fail(struct fault *fault, enum step step, const char *subject)
{
	*fault = (struct fault){ .step = step, .subject = subject, .error = errno };
	return -1;
}

/* A kernel without time namespaces builds the jail all the same: only its clocks differ. */
static void make_time_namespace(struct jailer *j)
{
	char line[64];

	if ((j->plan.namespaces & CLONE_NEWTIME) == 0)
		return;
	if (unshare(CLONE_NEWTIME) < 0) {
		event_fault(j, "warning", STEP_TIME, "", errno);
		return;
	}
	for (struct item *i = j->plan.times.first; i != NULL; i = i->next) {
		struct text t;

		text_begin(&t, line, sizeof(line));
		text_put(&t, i->target);
		text_put(&t, " ");
		text_put(&t, i->source);
		text_put(&t, " 0\n");
		if (t.full || control_write("/proc/self/timens_offsets", line) < 0)
			event_fault(j, "warning", STEP_TIME, i->target, errno);
	}
}

pid_t spawn(const struct plan *plan, uint64_t flags, int *pidfd, bool *joined)
{
	/* With CLONE_PARENT it is the caller's own. */
	struct spawn_args args = { .flags = flags,
				   .exit_signal = (flags & CLONE_PARENT) != 0 ? 0 : SIGCHLD };
	pid_t pid;
	int dir = -1;

	if (pidfd != NULL) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t)(uintptr_t)pidfd;
	}
	if (plan->cgroup != NULL)
		dir = open(plan->cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*joined = dir >= 0;
	if (dir < 0)
		return sys_clone3(&args);
	args.flags |= CLONE_INTO_CGROUP;
	args.cgroup = (uint64_t)dir;
	pid = sys_clone3(&args);
	if (pid == 0)
		return 0;	/* close_range(2) takes `dir` */
	close(dir);
	/* Kernels and cgroups that cannot do it in one go say so in many ways. */
	if (pid < 0 && (errno == E2BIG || errno == EINVAL || errno == ENOSYS ||
			errno == EOPNOTSUPP || errno == EBUSY)) {
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = 0;
		*joined = false;
		pid = sys_clone3(&args);
	}
	return pid;
}

void oom_score_reset(const char *pid)
{
	char path[64];

	text_join(path, sizeof(path), "/proc/", pid, "/oom_score_adj");
	if (control_write(path, "0") < 0)
		errno = 0;
}

static rlim_t limit(uint64_t n)
{
	return n == UINT64_MAX ? RLIM_INFINITY : (rlim_t)n;
}

void rlimits_apply(struct jailer *j)
{
	const pid_t pid = j->init;

	for (const struct item *i = j->plan.rlimits.first; i != NULL; i = i->next) {
		int number = rlimit_number(i->target);
		struct rlimit wanted = { limit(i->number), limit(i->hard) };
		struct rlimit present;

		if (prlimit(pid, (unsigned int)number, &wanted, NULL) == 0)
			continue;
		event_fault(j, "warning", STEP_RLIMIT, i->target, errno);
		/* Not to be raised: as far as it goes. */
		if (prlimit(pid, (unsigned int)number, NULL, &present) < 0)
			continue;
		if (wanted.rlim_max > present.rlim_max)
			wanted.rlim_max = present.rlim_max;
		if (wanted.rlim_cur > wanted.rlim_max)
			wanted.rlim_cur = wanted.rlim_max;
		prlimit(pid, (unsigned int)number, &wanted, NULL);
	}
}

/*
 * Whoever in the jail is first may write it, once, with any projects of the host's: so the users are
 * its projects too. Where the jailer has none itself (EPERM) there are none to be had.
 */
static int write_project_map(struct jailer *j, const char *pid)
{
	char path[64];

	text_join(path, sizeof(path), "/proc/", pid, "/projid_map");
	return control_write(path, j->plan.uid_map) < 0 && errno != EPERM ? -1 : 0;
}

static int write_maps(struct jailer *j, const char *pid, struct fault *fault)
{
	char path[64];

	text_join(path, sizeof(path), "/proc/", pid, "/uid_map");
	if (control_write(path, j->plan.uid_map) < 0)
		return fail(fault, STEP_MAP, "uid_map");
	text_join(path, sizeof(path), "/proc/", pid, "/gid_map");
	if (control_write(path, j->plan.gid_map) < 0)
		return fail(fault, STEP_MAP, "gid_map");
	return write_project_map(j, pid) < 0 ? fail(fault, STEP_MAP, "projid_map") : 0;
}

/* Who the users of the first process are; it waits meanwhile. */
static int place(struct jailer *j, struct fault *fault)
{
	const bool mapped = (j->plan.namespaces & CLONE_NEWUSER) != 0;
	struct order order = { .type = ORDER_MAPPED };
	char pid[16];
	struct text t;

	text_begin(&t, pid, sizeof(pid));
	text_put_number(&t, j->init);
	oom_score_reset(pid);
	/* The user namespace of an earlier life has its maps. */
	if (mapped && j->plan.netns == NULL && write_maps(j, pid, fault) < 0)
		return -1;
	/* Jail root may open /dev/stdout again, by its name: nginx and others do. */
	if (mapped && j->logging && output_give(j) < 0)
		return fail(fault, STEP_STDIO, "log");
	/* Who is gone by now is reaped, and how it ended is told, as of any other. */
	if (channel_send(j->channel, &order, sizeof(order), NULL, 0) < 0 && errno != EPIPE)
		return fail(fault, STEP_CLONE, "");
	return 0;
}

int launch(struct jailer *j, struct fault *fault)
{
	const uint64_t later = CLONE_NEWTIME | CLONE_NEWCGROUP;
	const struct plan *p = &j->plan;
	int ends[2], on = 1;
	bool joined;

	if (plan_logs(p) && output_open(j) < 0)
		return fail(fault, STEP_LOG, log_subject(p));
	if (notices_open(p) < 0)
		return fail(fault, STEP_NOTIFY, p->notify);
	if (p->seccomp != NULL && filter_read(p->seccomp) < 0)
		return fail(fault, STEP_SECCOMP, p->seccomp);
	become_ordinary(p);
	make_time_namespace(j);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0 ||
	    setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return fail(fault, STEP_CLONE, "socketpair");
	j->init = (p->netns != NULL ? spawn_again : spawn)(p, p->namespaces & ~later, &j->pidfd, &joined);
	if (j->init == 0)
		init(&j->plan, ends[1], j->inputs, joined);
	close(ends[1]);
	j->channel = ends[0];
	if (j->init < 0) {
		j->init = 0;
		if (p->netns != NULL)
			return fail(fault, STEP_NETNS, p->netns);
		return fail(fault, STEP_CLONE, p->cgroup != NULL ? p->cgroup : "");
	}
	/* What commands can have of it they get from process 1. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	return place(j, fault);
}
