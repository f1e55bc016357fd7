#include "calls.h"
#include "jailer.h"
#include "notices.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

/* How long an end without any monitor waits for the first one, in ms. */
#define MONITOR_WAIT 10000
#define IDLE 1000

/* Everything that can wake the jailer; `tag` says what it is. */
enum tag { TAG_LISTENER, TAG_SIGNALS, TAG_CHANNEL, TAG_OUTPUT, TAG_ANSWER, TAG_CONNECTION, TAG_SESSION, TAG_CHECK, TAG_NOTICES };

#define WATCH_MAX (7 + CONNECTION_MAX + 2 * SESSION_MAX)

struct watch {
	struct pollfd fds[WATCH_MAX];
	struct {
		uint8_t tag;
		uint8_t index;
	} what[WATCH_MAX];
	nfds_t count;
};

static void add(struct watch *w, int fd, enum tag tag, int index)
{
	if (fd < 0)
		return;
	w->fds[w->count] = (struct pollfd){ .fd = fd, .events = POLLIN };
	w->what[w->count].tag = (uint8_t)tag;
	w->what[w->count++].index = (uint8_t)index;
}

/* `hello` names the socket of the jail's network namespace: nobody is heard before it is there. */
static bool can_say_hello(const struct jailer *j)
{
	return j->netlink >= 0 || j->reaped || j->init == 0 ||
	       (j->plan.namespaces & CLONE_NEWNET) == 0;
}

/* What becomes of building is heard after `go`: till then jaild has to do with a jail that is there. */
static bool hears_init(const struct jailer *j)
{
	return j->phase != PHASE_CREATED || !can_say_hello(j);
}

static void list_all(struct watch *w, const struct jailer *j)
{
	w->count = 0;
	add(w, j->signals, TAG_SIGNALS, 0);
	/* Who says something and ends at once has said it before it ended. */
	add(w, notices_fd(), TAG_NOTICES, 0);
	if (hears_init(j))
		add(w, j->channel, TAG_CHANNEL, 0);
	add(w, j->outputs[0], TAG_OUTPUT, 0);
	add(w, j->outputs[1], TAG_OUTPUT, 1);
	add(w, answers_fd(&j->answers), TAG_ANSWER, 0);
	for (int i = 0; i < SESSION_MAX; i++) {
		if (!j->sessions[i].used)
			continue;
		add(w, j->sessions[i].report, TAG_SESSION, i);
		add(w, j->sessions[i].check ? j->sessions[i].output : -1, TAG_CHECK, i);
	}
	for (int i = 0; i < CONNECTION_MAX; i++)
		if (j->connections[i].role != ROLE_NONE)
			add(w, j->connections[i].fd, TAG_CONNECTION, i);
	if (can_say_hello(j))
		add(w, j->listener, TAG_LISTENER, 0);
}

static void reap(struct jailer *j)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(j->signals, &info, sizeof(info)) < 0)
		errno = 0;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		/* The others are helpers for answered calls, which are watched by their pidfd. */
		if (pid != j->init)
			continue;
		j->reaped = true;
		j->init_status = status;
	}
}

static void serve(struct jailer *j, enum tag tag, int index)
{
	struct connection *c = &j->connections[index];

	switch (tag) {
	case TAG_LISTENER:
		connection_accept(j);
		break;
	case TAG_SIGNALS:
		reap(j);
		break;
	case TAG_CHANNEL:
		if (j->channel >= 0)
			note_take(j);
		break;
	case TAG_OUTPUT:
		output_take(j, index);
		break;
	case TAG_ANSWER:
		answers_serve(j);
		break;
	case TAG_CONNECTION:
		/* An earlier one in this round may have closed it. */
		if (c->role != ROLE_NONE)
			connection_serve(j, c);
		break;
	case TAG_SESSION:
		if (j->sessions[index].used && j->sessions[index].report >= 0)
			session_report(j, index);
		break;
	case TAG_CHECK:
		if (j->sessions[index].used && j->sessions[index].output >= 0)
			check_take(&j->sessions[index]);
		break;
	case TAG_NOTICES:
		notices_take(&j->plan);
		notices_tell(j);
		break;
	}
}

/* Sleeps at most `timeout` ms until something happens, and deals with it. As poll(2) returns. */
static int turn(struct jailer *j, int timeout)
{
	struct watch w;
	int ready;

	list_all(&w, j);
	ready = poll(w.fds, w.count, timeout);
	for (nfds_t i = 0; ready > 0 && i < w.count; i++)
		if (w.fds[i].revents != 0)
			serve(j, (enum tag)w.what[i].tag, w.what[i].index);
	return ready;
}

/* The sooner of two timeouts, -1 being none. */
static int sooner(int a, int b)
{
	return a < 0 || (b >= 0 && b < a) ? b : a;
}

static int next_timeout(struct jailer *j)
{
	int timeout = sooner(session_timeout(j), answers_timeout(&j->answers));

	timeout = sooner(timeout, notices_timeout(j));
	return j->logging ? sooner(timeout, log_timeout(&j->log)) : timeout;
}

static void run(struct jailer *j)
{
	bool idle = true;

	while (!j->reaped) {
		int timeout = next_timeout(j);

		if (j->logging) {
			log_flush(&j->log);
			output_tell(j, false);
		}
		/* A second without work, and the memory for it is given back. */
		if (!idle && (timeout < 0 || timeout > IDLE))
			timeout = IDLE;
		idle = turn(j, timeout) == 0;
		if (idle) {
			output_rest();
			stack_rest();
		}
		session_expire(j);
		answers_expire(j);
		notices_tell(j);
	}
}

static void settle_result(struct jailer *j)
{
	if (j->failed || j->main_ended)
		return;
	if (WIFSIGNALED(j->init_status)) {
		j->result.how = HOW_SIGNAL;
		j->result.number = WTERMSIG(j->init_status);
	} else if (!j->end_known) {
		j->result.how = HOW_EXIT;
		j->result.number = WEXITSTATUS(j->init_status);
	}
}

void tell_attached(struct jailer *j)
{
	struct connection *c = connection_find(j, ROLE_ATTACHED);
	struct frame f;

	if (c == NULL)
		return;
	if (j->failed) {
		frame_begin(&f, "error");
		frame_add(&f, step_name(j->result.step));
		frame_add(&f, j->result.subject);
	} else {
		frame_begin(&f, "status");
		frame_add(&f, how_name(j->result.how));
	}
	frame_add_number(&f, j->result.number);
	frame_send(c->fd, &f, -1);
	connection_close(j, c);
}

/* PID 1 is gone, and with it everyone in its pid namespace. */
static void finish(struct jailer *j)
{
	while (j->channel >= 0 && note_take(j))
		;
	notices_end(j);
	sessions_end(j);
	answers_end(j);
	settle_result(j);
	output_drain(j);
	output_tell(j, true);
	j->last_phase = j->phase;
	j->phase = PHASE_EXITED;
	if (record_write(j) < 0)
		event_fault(j, "warning", STEP_LOG, "exit", errno);
	tell_attached(j);
}

/* Who has just started this jailer is about to connect: a fault at once must not escape him. */
static void await_monitor(struct jailer *j)
{
	int64_t end = now_ms() + MONITOR_WAIT;

	while (!j->monitored && now_ms() < end)
		turn(j, (int)(end - now_ms()));
}

int monitor(struct jailer *j)
{
	if (j->init > 0)
		run(j);
	finish(j);
	await_monitor(j);
	event_ending(j, "exited", j->result.how, j->result.number);
	return 0;
}
