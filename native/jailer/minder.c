#include "minder.h"
#include "calls.h"
#include "channel.h"
#include "enter.h"
#include "text.h"
#include "title.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* How often, and how many times, those that have been killed are waited for, in ms. */
#define ROUND 100
#define ROUNDS 50

pid_t minder_fork(void)
{
	return (pid_t)syscall(SYS_clone, MINDER_ENDED, 0, 0, 0, 0);
}

static int watch_signals(void)
{
	sigset_t watched;

	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGQUIT);
	return signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The check's own group; before setsid(2) there is none of that number yet. */
static void kill_group(pid_t pid)
{
	if (kill(-pid, SIGKILL) < 0)
		kill(pid, SIGKILL);
}

/* Returns when the check has ended, which is not waited for yet: its number is nobody else's. */
static void await_end(pid_t pid, int signals)
{
	struct signalfd_siginfo info;
	struct pollfd p = { .fd = signals, .events = POLLIN };
	siginfo_t end = { .si_pid = 0 };

	while (waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT) == 0 && end.si_pid == 0) {
		poll(&p, 1, -1);
		while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			if (info.ssi_signo != SIGCHLD)
				kill_group(pid);
	}
}

/* Returns false when /proc, which is the jail's, does not tell who they are. */
static bool kill_children(void)
{
	int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char list[4096], *at = list;
	ssize_t n = fd < 0 ? -1 : read(fd, list, sizeof(list) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	list[n] = '\0';
	for (char *end = list; *end != '\0'; end++) {
		uint64_t pid;

		if (*end != ' ')
			continue;
		*end = '\0';
		if (text_to_number(at, 10, INT32_MAX, &pid) && pid > 1)
			kill((pid_t)pid, SIGKILL);
		at = end + 1;
	}
	return true;
}

/* Whoever loses his parent becomes a child of ours, however he has left the check's session. */
static void kill_all(int signals)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;

	for (int i = 0; i < ROUNDS; i++) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG | __WALL)) > 0)
			i = 0;
		if (pid < 0 || !kill_children())
			break;
		if (poll(&p, 1, ROUND) > 0)
			while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
				;
	}
}

_Noreturn static void end_as(int status)
{
	sigset_t none;

	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	signal(WTERMSIG(status), SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	kill(getpid(), WTERMSIG(status));
	_exit(128 + WTERMSIG(status));
}

void mind(int report)
{
	struct report r = { .step = STEP_EXEC_SPAWN };
	int signals, status = 0;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	pid = fork();
	if (pid == 0)
		return;
	if (pid < 0) {
		r.error = errno;
		channel_send(report, &r, sizeof(r), NULL, 0);
		_exit(1);
	}
	title_set("check");
	sys_close_range(STDERR_FILENO + 1, 0);
	signals = watch_signals();
	await_end(pid, signals);
	kill_group(pid);
	waitpid(pid, &status, 0);
	kill_all(signals);
	end_as(status);
}
