#include "calls.h"
#include "drop.h"
#include "jailer.h"
#include "terminal.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

static void keep_result(struct jailer *j, enum how how, int number)
{
	j->result.how = how;
	j->result.number = number;
}

void jail_fail(struct jailer *j, const struct fault *fault)
{
	size_t n = strnlen(fault->subject, SUBJECT_MAX - 1);

	if (j->failed)
		return;
	j->failed = true;
	keep_result(j, HOW_ERROR, fault->error);
	j->result.step = fault->step;
	memcpy(j->result.subject, fault->subject, n);
	j->result.subject[n] = '\0';
	event_fault(j, "error", fault->step, j->result.subject, fault->error);
	jail_kill(j);
}

void jail_kill(struct jailer *j)
{
	char path[4096];
	int fd;

	if (j->init == 0 || j->reaped)
		return;
	sys_pidfd_send_signal(j->pidfd, SIGKILL);
	if (j->plan.cgroup == NULL ||
	    text_join(path, sizeof(path), j->plan.cgroup, "/cgroup.kill", "") == NULL)
		return;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	/* What PID 1 held alive dies with it; this reaches what was put there otherwise. */
	if (write(fd, "1", 1) < 0)
		errno = 0;
	close(fd);
}

int jail_order(struct jailer *j, const struct order *order, const int *fds, int count)
{
	errno = ESRCH;
	return j->channel < 0 ? -1 : channel_send(j->channel, order, sizeof(*order), fds, count);
}

void jail_signal(struct jailer *j, enum order_type type, int sig)
{
	struct order order = { .type = type, .number = sig };

	jail_order(j, &order, NULL, 0);
}

void jail_supply(struct jailer *j)
{
	char pid[16], path[64];
	struct text t;
	int userns = -1;

	if (j->supplied || j->failed)
		return;
	j->supplied = true;
	if ((j->plan.namespaces & CLONE_NEWUSER) != 0) {
		text_begin(&t, pid, sizeof(pid));
		text_put_number(&t, j->init);
		text_join(path, sizeof(path), "/proc/", pid, "/ns/user");
		userns = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (trees_send(&j->plan, j->channel, userns, &j->flaw) == 0)
		j->flaw.error = 0;
	if (userns >= 0)
		close(userns);
}

void jail_drop(struct jailer *j)
{
	if (!j->supplied || j->dropped || j->flaw.error != 0)
		return;
	j->dropped = true;
	if (drop_most(j, &j->flaw) == 0)
		j->flaw.error = 0;
}

void jail_go(struct jailer *j)
{
	if (j->phase != PHASE_CREATED || j->failed)
		return;
	j->phase = PHASE_BUILDING;
	jail_supply(j);
	jail_drop(j);
	if (j->flaw.error != 0)
		jail_fail(j, &j->flaw);
}

/* Lets the commands run, as soon as there is somebody to run them for. */
void jail_begin(struct jailer *j)
{
	struct order order = { .type = ORDER_BEGIN };

	if (j->phase != PHASE_STARTING || j->begun ||
	    (j->plan.foreground && j->attached_count == 0))
		return;
	j->begun = true;
	/* With a terminal the client keeps its own: the jail gets a new one. */
	jail_order(j, &order, j->attached, j->plan.terminal ? 0 : j->attached_count);
	for (int i = 0; i < j->attached_count; i++)
		close(j->attached[i]);
	j->attached_count = 0;
}

static void on_built(struct jailer *j)
{
	struct fault fault;
	struct frame f;

	frame_begin(&f, "built");
	event_send(j, &f);
	j->phase = PHASE_STARTING;
	/* From here on the jail's own may run in it: an init that does not read holds up nobody. */
	fcntl(j->channel, F_SETFL, O_NONBLOCK);
	rlimits_apply(j);
	if (drop_rest(j, &fault) < 0)
		jail_fail(j, &fault);
	else
		jail_begin(j);
}

static void on_start(struct jailer *j, const struct note *n)
{
	struct frame f;

	frame_begin(&f, "start");
	frame_add_number(&f, n->index);
	frame_add(&f, how_name((enum how)n->how));
	frame_add_number(&f, n->number);
	event_send(j, &f);
}

static void on_running(struct jailer *j)
{
	struct frame f;

	j->phase = PHASE_RUNNING;
	frame_begin(&f, "running");
	frame_add_number(&f, j->command);
	event_send(j, &f);
}

static void on_main(struct jailer *j, const struct note *n)
{
	j->command = 0;
	j->main_ended = true;
	if (!j->failed)
		keep_result(j, (enum how)n->how, n->number);
	event_ending(j, "main", (enum how)n->how, n->number);
}

static void on_pty(struct jailer *j, int master)
{
	struct connection *c = connection_find(j, ROLE_ATTACHED);
	struct frame f;

	frame_begin(&f, "pty");
	if (c != NULL)
		frame_send(c->fd, &f, master);
}

/* jaild configures the network through it, and must not be made to wait by another kind of socket. */
static bool is_netlink(int fd)
{
	socklen_t size = sizeof(int);
	int domain;

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

/*
 * Whether init may say this now. Somebody who has taken init over could say anything, any number
 * of times, and nobody outside shall have to cope with it.
 */
static bool is_its_turn(const struct jailer *j, const struct note *n, int fd)
{
	switch ((enum note_type)n->type) {
	case NOTE_NETLINK:
		return j->netlink < 0 && j->phase <= PHASE_BUILDING && is_netlink(fd);
	case NOTE_LISTENER:
		return fd >= 0 && j->phase == PHASE_BUILDING;
	case NOTE_BUILT:
		return j->phase == PHASE_BUILDING;
	case NOTE_PTY:
		return fd >= 0 && is_terminal_master(fd) && j->begun && j->plan.terminal && j->phase == PHASE_STARTING;
	case NOTE_START:
	case NOTE_COMMAND:
	case NOTE_RUNNING:
		return j->phase == PHASE_STARTING;
	case NOTE_MAIN:
		return !j->main_ended;
	case NOTE_FAILED:
	case NOTE_EXEC:
	case NOTE_END:
		return true;
	}
	return false;
}

bool note_take(struct jailer *j)
{
	struct fault fault;
	struct note n;
	pid_t sender = 0;
	int fd = -1, count = 1;
	int got = channel_receive(j->channel, &n, sizeof(n), &fd, &count, &sender, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return false;
	if (got != 1) {
		close(j->channel);
		j->channel = -1;
		return false;
	}
	n.subject[SUBJECT_MAX - 1] = '\0';
	if (!is_its_turn(j, &n, fd)) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	switch ((enum note_type)n.type) {
	case NOTE_NETLINK:
		j->netlink = fd;
		return true;
	case NOTE_LISTENER:
		answers_begin(&j->answers, fd);
		return true;
	case NOTE_FAILED:
		fault = (struct fault){ (enum step)n.step, n.subject, n.number };
		jail_fail(j, &fault);
		break;
	case NOTE_BUILT:
		on_built(j);
		break;
	case NOTE_PTY:
		on_pty(j, fd);
		break;
	case NOTE_START:
		on_start(j, &n);
		break;
	case NOTE_COMMAND:
		j->command = sender;
		break;
	case NOTE_RUNNING:
		on_running(j);
		break;
	case NOTE_MAIN:
		on_main(j, &n);
		break;
	case NOTE_EXEC:
		session_ended(j, n.index, (struct ending){ (enum how)n.how, n.number });
		break;
	case NOTE_END:
		j->end_known = true;
		if (!j->failed && !j->main_ended)
			keep_result(j, (enum how)n.how, n.number);
		break;
	}
	if (count > 0)
		close(fd);
	return true;
}
