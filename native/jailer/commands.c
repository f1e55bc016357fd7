#include "commands.h"
#include "build.h"
#include "calls.h"
#include "enter.h"
#include "execs.h"
#include "init.h"
#include "minder.h"
#include "streams.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>

struct state {
	struct plan *plan;
	int signals;
	const struct run *next;		/* to be started */
	const struct run *latest;	/* the one before */
	pid_t pid;			/* of `latest` */
	int report;			/* of `latest`, until it has executed; or -1 */
	uint32_t index;			/* of `next` among the start commands */
	pid_t waited;			/* a start command that must end first; 0: none */
	pid_t main;			/* `command`'s, 0: none (any more) */
	int64_t deadline;		/* of `waited`, in ms of the monotonic clock; 0: none */
	bool expired;			/* `waited` has had its time */
	bool begun;			/* the commands may run */
	bool told;			/* the jailer knows that the jail runs */
	bool stopping;			/* asked to end: nothing more is started */
	struct ending last;
	struct execs execs;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(enum note_type type, uint32_t index, struct ending e)
{
	struct note note = { .type = type, .index = index, .how = e.how, .number = e.number };

	channel_send(INIT_CHANNEL, &note, sizeof(note), NULL, 0);
}

_Noreturn static void end(const struct state *s)
{
	tell(NOTE_END, 0, s->last);
	_exit(0);
}

/* A signal for everyone. The ones that end programs end the sequence of commands as well. */
static void signal_all(struct state *s, int sig)
{
	if (ends_jail(sig)) {
		if (!s->stopping)
			s->last = (struct ending){ HOW_SIGNAL, sig };
		s->stopping = true;
	}
	kill(-1, sig);
	/* What is stopped would never come to handle it. */
	if (sig == SIGTERM)
		kill(-1, SIGCONT);
}

static void take_order(struct state *s)
{
	struct order order;
	int fds[EXEC_FDS], count = EXEC_FDS;

	if (channel_receive(INIT_CHANNEL, &order, sizeof(order), fds, &count, NULL, 0) != 1)
		_exit(1);	/* without its jailer a jail ends */
	switch ((enum order_type)order.type) {
	case ORDER_BEGIN:
		streams_attach(s->plan, fds, count);
		s->begun = true;
		break;
	case ORDER_SIGNAL:
		signal_all(s, order.number);
		break;
	case ORDER_SIGNAL_MAIN:
		if (s->main > 0)
			kill(-s->main, order.number);
		break;
	case ORDER_EXEC:
	case ORDER_CHECK:
		exec_start(&s->execs, s->plan, &order, fds, count);
		break;
	case ORDER_SIGNAL_EXEC:
		exec_signal(&s->execs, order.exec, order.number);
		break;
	case ORDER_MAPPED:
	case ORDER_TREES:
		break;
	}
}

_Noreturn static void run_child(const struct state *s, const struct run *run, int report)
{
	const struct plan *p = s->plan;
	bool main = run->phase == RUN_COMMAND;
	char *env[p->env_count + ENV_LOGIN + 1];
	struct entry entry = {
		.plan = p, .user = p->user, .workdir = plan_workdir(p, p->login),
		.login = p->login,
		.terminal = main && p->terminal, .argv = run->argv, .env = env,
		.env_count = p->env_count, .report = report,
	};

	memcpy(env, p->env, sizeof(char *) * (p->env_count + 1));
	if (main)
		tell(NOTE_COMMAND, 0, (struct ending){ HOW_EXIT, 0 });
	enter(&entry);
}

static void launch(struct state *s)
{
	const struct run *run = s->next;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		build_fail(INIT_CHANNEL, STEP_SPAWN, run->argv[0]);
	if (pid == 0)
		run_child(s, run, ends[1]);
	close(ends[1]);
	s->next = run->next;
	s->latest = run;
	s->pid = pid;
	s->report = ends[0];
	if (run->phase == RUN_COMMAND)
		s->main = pid;
	if (run->phase == RUN_START) {
		s->waited = pid;
		s->expired = false;
		s->deadline = run->timeout > 0 ? now_ms() + (int64_t)run->timeout * 1000 : 0;
	}
}

static void tell_running(struct state *s)
{
	if (!s->begun || s->told || s->stopping || s->next != NULL || s->waited != 0 || s->report >= 0)
		return;
	s->told = true;
	tell(NOTE_RUNNING, 0, (struct ending){ HOW_EXIT, 0 });
	stack_rest();
}

/* Reads what the latest command has to report: nothing at all is a successful exec. */
static void take_report(struct state *s)
{
	const struct run *run = s->latest;
	struct report r;

	if (read(s->report, &r, sizeof(r)) == (ssize_t)sizeof(r)) {
		errno = r.error;
		build_fail(INIT_CHANNEL, (enum step)r.step,
			   entry_subject((enum step)r.step, s->plan->user, s->plan->workdir, run->argv[0]));
	}
	close(s->report);
	s->report = -1;
	if (run->phase == RUN_COMMAND)
		streams_let_go(s->plan);
	/* Before it is said how the command has ended. */
	tell_running(s);
}

/* The start command that is waited for has ended. */
static void started(struct state *s, struct ending e)
{
	s->waited = 0;
	s->deadline = 0;
	if (s->expired)
		e = (struct ending){ HOW_TIMEOUT, (int)s->latest->timeout };
	tell(NOTE_START, s->index++, e);
	if ((e.how != HOW_EXIT || e.number != 0) && !s->stopping)
		end(s);
}

static void main_ended(struct state *s, struct ending e)
{
	s->main = 0;
	tell(NOTE_MAIN, 0, e);
	/* While the jail is being stopped, the others get their time to end as well. */
	if ((e.how != HOW_EXIT || e.number != 0) && !s->stopping)
		end(s);
}

static struct ending ending_of(int status)
{
	return WIFEXITED(status) ? (struct ending){ HOW_EXIT, WEXITSTATUS(status) } :
				   (struct ending){ HOW_SIGNAL, WTERMSIG(status) };
}

/* Returns true when no child is left but checks, which keep no jail. */
static bool reap(struct state *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WCLONE)) > 0)
		exec_reaped(&s->execs, pid, ending_of(status));

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct ending e = ending_of(status);

		if (exec_reaped(&s->execs, pid, e))
			continue;
		s->last = e;
		if (pid == s->pid && s->report >= 0)
			take_report(s);
		if (pid == s->waited)
			started(s, e);
		else if (pid == s->main)
			main_ended(s, e);
	}
	return pid < 0 && errno == ECHILD;
}

static void expire(struct state *s)
{
	s->expired = true;
	s->deadline = 0;
	kill(-s->waited, SIGKILL);
	kill(s->waited, SIGKILL);
}

/* Sleeps until something happens, and deals with it. */
static void pause_and_serve(struct state *s)
{
	struct pollfd p[3] = { { .fd = INIT_CHANNEL, .events = POLLIN },
			       { .fd = s->signals, .events = POLLIN },
			       { .fd = s->report, .events = POLLIN } };
	int64_t left = s->deadline > 0 ? s->deadline - now_ms() : -1;
	struct signalfd_siginfo info;

	if (s->deadline > 0 && left <= 0) {
		expire(s);
		return;
	}
	if (poll(p, 3, (int)(left > 60000 ? 60000 : left)) <= 0)
		return;
	if (p[2].revents != 0)
		take_report(s);
	if (p[0].revents != 0)
		take_order(s);
	if (p[1].revents != 0 && read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo != SIGCHLD && info.ssi_signo != MINDER_ENDED)
		signal_all(s, (int)info.ssi_signo);
}

/* Starts what is next. False when nothing is, or it is not its turn yet. */
static bool advance(struct state *s)
{
	if (!s->begun || s->stopping || s->waited != 0 || s->report >= 0 || s->next == NULL)
		return false;
	launch(s);
	return true;
}

_Noreturn void commands_run(struct plan *plan, int signals)
{
	struct state s = { .plan = plan, .signals = signals, .next = plan->runs, .report = -1 };

	for (;;) {
		bool empty = reap(&s);

		if (advance(&s))
			continue;
		tell_running(&s);
		/* Persistent jails outlive their processes, but not being told to end. */
		if (empty && (s.stopping || (s.begun && !plan->persist)))
			end(&s);
		pause_and_serve(&s);
	}
}
