/*
 * jailer: builds one jail from a launch plan, keeps it, and records how it ended.
 * Descriptor 3 is the plan, 4 a listening socket; PROTOCOL.md has both.
 */
#include "calls.h"
#include "jailer.h"
#include "title.h"
#include "window.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum { PLAN = 3, LISTENER = 4 };

static struct jailer jailer;

/* Away from whoever started it, and out of reach of whoever will be in the jail. */
static int settle(struct jailer *j)
{
	sigset_t children;

	j->listener = LISTENER;
	j->channel = j->netlink = j->pidfd = -1;
	answers_reset(&j->answers);
	for (int i = 0; i < 2; i++)
		j->outputs[i] = j->inputs[i] = -1;
	setsid();
	umask(027);
	if (chdir("/") < 0)
		return -1;
	sys_close_range(LISTENER + 1, 0);
	fcntl(LISTENER, F_SETFD, FD_CLOEXEC);
	fcntl(LISTENER, F_SETFL, O_NONBLOCK);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);	/* a log that may not grow is a full disk */
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_SETMASK, &children, NULL);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -1;
	j->signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	return j->signals < 0 ? -1 : 0;
}

static int start(struct jailer *j, struct fault *fault)
{
	if (settle(j) < 0) {
		*fault = (struct fault){ STEP_CLONE, "", errno };
		return -1;
	}
	if (plan_read(&j->plan, PLAN) < 0) {
		*fault = (struct fault){ STEP_PLAN, j->plan.bad != NULL ? j->plan.bad : "", errno };
		return -1;
	}
	close(PLAN);
	return launch(j, fault);
}

int main(int argc, char **argv)
{
	struct fault fault;

	if (argc == 2 && strcmp(argv[1], "--steps") == 0) {
		steps_print();
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "--window") == 0)
		return window_hold(argv[2]);
	title_remember(argc, argv);
	if (start(&jailer, &fault) < 0)
		jail_fail(&jailer, &fault);
	return monitor(&jailer);
}
