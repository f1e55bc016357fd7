#include "answers.h"
#include "caller.h"
#include "calls.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Longer than any answer takes, unless the jail's own file systems hang. In ms. */
#define HELPER_TIME 5000

void answers_reset(struct answers *a)
{
	a->listener = a->helper = a->result = -1;
}

/* Other files could make the jailer wait in an ioctl(2). */
static bool is_listener(int fd)
{
	static const char expected[] = "anon_inode:seccomp notify";
	char path[64], name[64];
	struct text t;
	ssize_t n;

	text_begin(&t, path, sizeof(path));
	text_put(&t, "/proc/self/fd/");
	text_put_number(&t, fd);
	n = readlink(path, name, sizeof(name));
	return n == (ssize_t)sizeof(expected) - 1 && memcmp(name, expected, (size_t)n) == 0;
}

void answers_begin(struct answers *a, int listener)
{
	/* Without a listener the callers are told ENOSYS. */
	if (a->listener >= 0 || !is_listener(listener))
		close(listener);
	else
		a->listener = listener;
}

int answers_fd(const struct answers *a)
{
	if (a->helper < 0)
		return a->listener;
	/* Who has his answer may unmount what the helper holds on to until it is gone. */
	return a->result >= 0 ? a->result : a->helper;
}

static void send_answer(const struct answers *a, const struct answer *answer)
{
	struct seccomp_notif_resp response = {
		.id = a->call,
		.error = answer->pass ? 0 : -answer->error,
		.flags = answer->pass ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0,
	};

	/* Nothing is to be done about a caller that has gone meanwhile. */
	if (ioctl(a->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) < 0)
		errno = 0;
}

static void finish(struct jailer *j)
{
	struct answers *a = &j->answers;
	const struct answer *answer = &a->answer;

	if (answer->made.id != 0)
		made_add(a, &answer->made);
	/* Mounts below it may have gone with it. */
	if (answer->unmounted)
		made_prune(a, j->init);
	send_answer(a, answer);
	close(a->helper);
	a->helper = -1;
}

/* Born in the jail's cgroup, for what an answer costs is the jail's; else it goes there itself. */
static pid_t spawn_helper(const struct jailer *j, int *pidfd, bool *joined)
{
	struct spawn_args args = { .flags = CLONE_PIDFD, .exit_signal = SIGCHLD,
				   .pidfd = (uint64_t)(uintptr_t)pidfd };
	pid_t pid = spawn(&j->plan, 0, pidfd, joined);

	/* A jail that has all the processes it may have can still ask for its name. */
	if (pid >= 0 || errno != EAGAIN)
		return pid;
	*joined = false;
	return sys_clone3(&args);
}

static void start_helper(struct jailer *j, const struct seccomp_notif *notice)
{
	struct answers *a = &j->answers;
	struct answer failure = { .error = ENOMEM };
	bool joined;
	int ends[2];
	pid_t pid;

	a->call = notice->id;
	if (a->made_count == MADE_MAX)
		made_prune(a, j->init);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		send_answer(a, &failure);
		return;
	}
	pid = spawn_helper(j, &a->helper, &joined);
	if (pid == 0) {
		close(ends[0]);
		caller_answer(j, notice, a->listener, ends[1], joined);
	}
	close(ends[1]);
	if (pid < 0) {
		failure.error = errno;
		a->helper = -1;
		close(ends[0]);
		send_answer(a, &failure);
		return;
	}
	a->result = ends[0];
	a->deadline = now_ms() + HELPER_TIME;
}

static void take_call(struct jailer *j)
{
	struct answers *a = &j->answers;
	struct pollfd ready = { .fd = a->listener, .events = POLLIN };
	/* A newer kernel's may be longer. */
	union {
		struct seccomp_notif notice;
		char bytes[512];
	} u = { .bytes = { 0 } };

	if (poll(&ready, 1, 0) != 1)
		return;
	/* Nobody is left under that filter. */
	if ((ready.revents & POLLHUP) != 0) {
		close(a->listener);
		a->listener = -1;
	} else if ((ready.revents & POLLIN) != 0 &&
		   ioctl(a->listener, SECCOMP_IOCTL_NOTIF_RECV, &u.notice) == 0) {
		start_helper(j, &u.notice);
	}
}

static void take_answer(struct answers *a)
{
	int none = 0;
	int got = channel_receive(a->result, &a->answer, sizeof(a->answer), NULL, &none, NULL,
				  MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	/* Killed: the jail's cgroup has no room for it. */
	if (got != 1)
		a->answer = (struct answer){ .error = ENOMEM };
	close(a->result);
	a->result = -1;
}

void answers_serve(struct jailer *j)
{
	struct answers *a = &j->answers;

	if (a->result >= 0)
		take_answer(a);
	else if (a->helper >= 0)
		finish(j);
	else if (a->listener >= 0)
		take_call(j);
}

int answers_timeout(const struct answers *a)
{
	int64_t left = a->deadline - now_ms();

	if (a->helper < 0)
		return -1;
	return left > 0 ? (int)left : 0;
}

void answers_expire(struct jailer *j)
{
	struct answers *a = &j->answers;

	if (a->helper < 0 || now_ms() < a->deadline)
		return;
	sys_pidfd_send_signal(a->helper, SIGKILL);
	if (a->result >= 0) {
		a->answer = (struct answer){ .error = ETIMEDOUT };
		close(a->result);
		a->result = -1;
	}
	finish(j);
}

void answers_end(struct jailer *j)
{
	struct answers *a = &j->answers;
	struct pollfd gone = { .fd = a->helper, .events = POLLIN };

	if (a->helper >= 0) {
		sys_pidfd_send_signal(a->helper, SIGKILL);
		poll(&gone, 1, HELPER_TIME);
		close(a->helper);
	}
	if (a->result >= 0)
		close(a->result);
	if (a->listener >= 0)
		close(a->listener);
	answers_reset(a);
}
