#include "init.h"
#include "answers.h"
#include "build.h"
#include "calls.h"
#include "caps.h"
#include "cgroups.h"
#include "channel.h"
#include "enter.h"
#include "streams.h"
#include "title.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define BIT(cap) (1ULL << (cap))

/* How something ended, as waitpid(2) tells it. */
struct ending {
	enum how how;
	int number;
};

struct state {
	struct plan *plan;
	int channel;
	int signals;
	const struct run *next;		/* to be started */
	const struct run *current;	/* the start command that is waited for */
	uint32_t index;			/* of `next` among the start commands */
	pid_t waited;			/* its pid, 0: none */
	pid_t main;			/* `command`'s, 0: none (any more) */
	int64_t deadline;		/* of `current`, in ms of the monotonic clock; 0: none */
	bool told;			/* the jailer knows that the jail runs */
	bool stopping;			/* asked to end: nothing more is started */
	struct ending last;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void tell(const struct state *s, enum note_type type, uint32_t index, struct ending e)
{
	struct note note = { .type = type, .index = index, .how = e.how, .number = e.number };

	channel_send(s->channel, &note, sizeof(note), NULL, 0);
}

_Noreturn static void end(const struct state *s)
{
	tell(s, NOTE_END, 0, s->last);
	_exit(0);
}

/* A signal for everyone. The ones that end programs end the sequence of commands as well. */
static void signal_all(struct state *s, int sig)
{
	if (sig == SIGTERM || sig == SIGINT || sig == SIGQUIT || sig == SIGKILL) {
		if (!s->stopping)
			s->last = (struct ending){ HOW_SIGNAL, sig };
		s->stopping = true;
	}
	kill(-1, sig);
	/* What is stopped would never come to handle it. */
	if (sig == SIGTERM)
		kill(-1, SIGCONT);
}

static void obey(struct state *s, const struct order *order)
{
	if (order->type == ORDER_SIGNAL)
		signal_all(s, order->number);
	if (order->type == ORDER_SIGNAL_MAIN && s->main > 0)
		kill(-s->main, order->number);
}

/* Waits for one order and obeys the others meanwhile. False when the jail is to end. */
static bool await(struct state *s, enum order_type type, struct order *order, int *fds, int *count)
{
	int room = *count;

	while (!s->stopping) {
		*count = room;
		if (channel_receive(s->channel, order, sizeof(*order), fds, count, NULL, 0) != 1)
			_exit(1);
		if (order->type == type)
			return true;
		obey(s, order);
	}
	return false;
}

/* Before anything is allocated that the jail's limits should count. */
static void join_cgroups(const struct state *s, bool joined)
{
	const char *refused = cgroups_join(s->plan, joined);

	if (refused != NULL)
		build_fail(s->channel, STEP_CGROUP, refused);
}

/* jaild configures the jail's network through this socket, however the jail was entered. */
static void send_netlink(const struct state *s)
{
	struct note note = { .type = NOTE_NETLINK };
	int fd;

	if ((s->plan->namespaces & CLONE_NEWNET) == 0)
		return;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0 || channel_send(s->channel, &note, sizeof(note), &fd, 1) < 0)
		build_fail(s->channel, STEP_NETLINK, "");
	close(fd);
}

/*
 * init keeps what its commands get and what it takes to make them: to start them as their user,
 * to reap and signal them.
 */
static void give_up_privileges(const struct state *s)
{
	uint64_t kept = s->plan->caps | BIT(CAP_KILL) | BIT(CAP_SETUID) | BIT(CAP_SETGID) |
			BIT(CAP_SETPCAP);

	if (s->plan->seccomp != NULL && !s->plan->no_new_privs)
		kept |= BIT(CAP_SYS_ADMIN);
	if (caps_bound(kept) < 0 || caps_set(kept) < 0)
		build_fail(s->channel, STEP_LOCK, "capabilities");
	/* Last: a change of credentials resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		build_fail(s->channel, STEP_LOCK, "");
}

/* Before the privileges go; whatever runs in the jail has its filter from here. */
static void have_calls_answered(const struct state *s)
{
	struct note note = { .type = NOTE_LISTENER };
	int fd;

	if (!answers_wanted(s->plan))
		return;
	fd = answers_load(s->plan);
	if (fd < 0 || channel_send(s->channel, &note, sizeof(note), &fd, 1) < 0)
		build_fail(s->channel, STEP_ANSWERS, "");
	close(fd);
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
		tell(s, NOTE_COMMAND, 0, (struct ending){ HOW_EXIT, 0 });
	enter(&entry);
}

/* Reads the child's report: end of file is a successful exec. */
static bool exec_failed(int fd, int timeout_ms, struct report *r)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (poll(&p, 1, timeout_ms) == 0)
		return false;	/* the time is over: the deadline will see to it */
	return read(fd, r, sizeof(*r)) == (ssize_t)sizeof(*r);
}

static void launch(struct state *s)
{
	const struct run *run = s->next;
	struct report r;
	int ends[2];
	pid_t pid;

	s->next = run->next;
	if (pipe2(ends, O_CLOEXEC) < 0 || (pid = fork()) < 0)
		build_fail(s->channel, STEP_SPAWN, run->argv[0]);
	if (pid == 0)
		run_child(s, run, ends[1]);
	close(ends[1]);
	if (exec_failed(ends[0], run->timeout > 0 ? (int)run->timeout * 1000 : -1, &r)) {
		errno = r.error;
		build_fail(s->channel, (enum step)r.step,
			   entry_subject((enum step)r.step, s->plan->user, s->plan->workdir, run->argv[0]));
	}
	close(ends[0]);
	if (run->phase == RUN_COMMAND) {
		s->main = pid;
		streams_let_go(s->plan);
	}
	if (run->phase == RUN_START) {
		s->waited = pid;
		s->current = run;
		s->deadline = run->timeout > 0 ? now_ms() + (int64_t)run->timeout * 1000 : 0;
	}
}

/* The start command that is waited for has ended. */
static void started(struct state *s, struct ending e)
{
	s->waited = 0;
	s->deadline = 0;
	tell(s, NOTE_START, s->index++, e);
	if (e.how != HOW_EXIT || e.number != 0) {
		s->last = e.how == HOW_TIMEOUT ? (struct ending){ HOW_SIGNAL, SIGKILL } : e;
		if (!s->stopping)
			end(s);
	}
}

static void main_ended(struct state *s, struct ending e)
{
	s->main = 0;
	tell(s, NOTE_MAIN, 0, e);
	/* While the jail is being stopped, the others get their time to end as well. */
	if ((e.how != HOW_EXIT || e.number != 0) && !s->stopping)
		end(s);
}

/* Returns true when no child is left. */
static bool reap(struct state *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		s->last = WIFEXITED(status) ?
				  (struct ending){ HOW_EXIT, WEXITSTATUS(status) } :
				  (struct ending){ HOW_SIGNAL, WTERMSIG(status) };
		if (pid == s->waited)
			started(s, s->last);
		else if (pid == s->main)
			main_ended(s, s->last);
	}
	return pid < 0 && errno == ECHILD;
}

static void expire(struct state *s)
{
	pid_t pid = s->waited;

	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	started(s, (struct ending){ HOW_TIMEOUT, (int)s->current->timeout });
}

/* Sleeps until something happens, and deals with it. */
static void pause_and_serve(struct state *s)
{
	struct pollfd p[2] = { { .fd = s->channel, .events = POLLIN },
			       { .fd = s->signals, .events = POLLIN } };
	int64_t left = s->deadline > 0 ? s->deadline - now_ms() : -1;
	struct signalfd_siginfo info;
	struct order order;
	int none = 0;

	if (s->deadline > 0 && left <= 0) {
		expire(s);
		return;
	}
	if (poll(p, 2, (int)(left > 60000 ? 60000 : left)) <= 0)
		return;
	if (p[0].revents != 0) {
		if (channel_receive(s->channel, &order, sizeof(order), NULL, &none, NULL, 0) != 1)
			_exit(1);	/* without its jailer a jail ends */
		obey(s, &order);
	}
	if (p[1].revents != 0 && read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    info.ssi_signo != SIGCHLD)
		signal_all(s, (int)info.ssi_signo);
}

/* Starts what is next. False when nothing is, or it is not its turn yet. */
static bool advance(struct state *s)
{
	bool launched;

	if (s->waited != 0 || s->stopping)
		return false;
	launched = s->next != NULL;
	if (launched)
		launch(s);
	if (s->next == NULL && s->waited == 0 && !s->told) {
		s->told = true;
		tell(s, NOTE_RUNNING, 0, (struct ending){ HOW_EXIT, 0 });
		stack_rest();
	}
	return launched;
}

_Noreturn static void supervise(struct state *s)
{
	for (;;) {
		bool empty = reap(s);

		if (advance(s))
			continue;
		/* Persistent jails outlive their processes, but not being told to end. */
		if (empty && (s->stopping || !s->plan->persist))
			end(s);
		pause_and_serve(s);
	}
}

static int watch_signals(void)
{
	sigset_t all, watched;

	/* Blocked signals stay pending even for PID 1: none is lost before it is read. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigaddset(&watched, SIGQUIT);
	return signalfd(-1, &watched, SFD_CLOEXEC);
}

_Noreturn void init(struct plan *plan, int channel, const int outputs[2], bool joined)
{
	struct state s = { .plan = plan, .channel = INIT_CHANNEL, .next = plan->runs };
	struct order order;
	int fds[TREES_MAX];
	int count = TREES_MAX;

	prctl(PR_SET_NAME, "init", 0, 0, 0);
	title_set("init");
	streams_arrange(channel, outputs);
	s.signals = watch_signals();
	join_cgroups(&s, joined);
	send_netlink(&s);
	if (!await(&s, ORDER_MAPPED, &order, fds, &count))
		end(&s);
	build_prepare(plan, s.channel);
	count = TREES_MAX;
	if (!await(&s, ORDER_TREES, &order, fds, &count))
		end(&s);
	build_inside(plan, s.channel, &order, fds, count);
	streams_settle(plan);
	have_calls_answered(&s);
	give_up_privileges(&s);
	sys_close_range(INIT_CHANNEL + 1, 0);
	s.signals = watch_signals();
	tell(&s, NOTE_BUILT, 0, (struct ending){ HOW_EXIT, 0 });
	count = 3;
	if (await(&s, ORDER_BEGIN, &order, fds, &count))
		streams_attach(plan, fds, count);
	supervise(&s);
}
