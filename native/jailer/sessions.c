#include "calls.h"
#include "enter.h"
#include "execs.h"
#include "jailer.h"
#include "request.h"
#include "terminal.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

/* How long after its time a command's end is waited for, in ms: init may be stopped, or hostile. */
#define GRACE 5000

/* What a command can say before it executes: its terminal, why it failed, and the end. */
#define REPORTS_MAX 3

static int find_free(const struct jailer *j)
{
	for (int i = 0; i < SESSION_MAX; i++)
		if (!j->sessions[i].used)
			return i;
	return -1;
}

static void copy(char *to, size_t size, const char *from)
{
	size_t n = strnlen(from, size - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static void answer_client(struct jailer *j, struct session *s)
{
	struct connection *c = s->client;
	struct frame f;

	if (c == NULL)
		return;
	if (s->failed) {
		frame_begin(&f, "error");
		frame_add(&f, step_name(s->step));
		frame_add(&f, s->subject);
	} else {
		frame_begin(&f, "status");
		frame_add(&f, how_name(s->ending.how));
	}
	frame_add_number(&f, s->ending.number);
	frame_send(c->fd, &f, -1);
	s->client = NULL;
	connection_close(j, c);
}

static void answer_monitor(struct jailer *j, const struct session *s)
{
	struct frame f;

	if (s->id[0] == '\0')
		return;
	frame_begin(&f, "exec.exit");
	frame_add(&f, s->id);
	frame_add(&f, how_name(s->failed ? HOW_ERROR : s->timed_out ? HOW_TIMEOUT : s->ending.how));
	frame_add_number(&f, s->timed_out && !s->failed ? (int)s->timeout : s->ending.number);
	event_send(j, &f);
}

static void answer(struct jailer *j, struct session *s)
{
	answer_client(j, s);
	if (s->check)
		check_answer(j, s);
	else
		answer_monitor(j, s);
	if (s->report >= 0)
		close(s->report);
	s->used = false;
}

static void fail(struct session *s, enum step step, int error)
{
	s->failed = true;
	s->step = step;
	s->ending = (struct ending){ HOW_ERROR, error };
}

static void fail_at_once(struct jailer *j, struct session *s, enum step step, int error)
{
	fail(s, step, error);
	answer(j, s);
}

/* What a failure can be about. */
static void note_request(struct session *s, const struct request *r, const struct plan *p)
{
	s->terminal = r->terminal;
	copy(s->subject, sizeof(s->subject), r->argv[0]);
	copy(s->user, sizeof(s->user), r->user[0] != '\0' ? r->user : p->user);
	copy(s->workdir, sizeof(s->workdir), r->workdir[0] != '\0' ? r->workdir : s->user);
}

/* What it reads and writes, behind the request and the report. Returns how many, or -1 with errno. */
static int list_streams(struct jailer *j, struct session *s, int *fds)
{
	if (s->check) {
		fds[0] = check_open(s);
		return fds[0] < 0 ? -1 : 1;
	}
	if (s->client != NULL) {
		memcpy(fds, s->client->in.fds, sizeof(*fds) * MESSAGE_FDS);
		return MESSAGE_FDS;
	}
	memcpy(fds, j->inputs, sizeof(j->inputs));
	return j->inputs[0] >= 0 ? 2 : 0;
}

/* Has init start it. `fields`: those of the request. 0, or -1 with errno. */
static int order(struct jailer *j, struct session *s, const struct fields *fields)
{
	struct order order = { .type = s->check ? ORDER_CHECK : ORDER_EXEC, .exec = ++j->ordered,
			       .number = s->kind };
	int fds[EXEC_FDS], ends[2], result, error;
	int streams = list_streams(j, s, fds + 2);

	if (streams < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		ends[0] = ends[1] = fds[0] = result = -1;
	} else {
		fds[0] = request_pack(fields);
		fds[1] = ends[1];
		result = fds[0] < 0 ? -1 : jail_order(j, &order, fds, 2 + streams);
	}
	error = errno;
	s->order = order.exec;
	s->report = ends[0];
	if (ends[1] >= 0)
		close(ends[1]);
	if (fds[0] >= 0)
		close(fds[0]);
	if (s->check)
		close(fds[2]);
	errno = error;
	return result;
}

static struct session *take_place(struct jailer *j, struct connection *client)
{
	int i = find_free(j);

	if (i < 0)
		return NULL;
	if (client != NULL) {
		client->role = ROLE_SESSION;
		client->session = i;
	}
	return &j->sessions[i];
}

/* `outside`: for one that gets no place. NULL: it has been answered. */
static struct session *begin(struct jailer *j, struct connection *client, const char *id, bool check,
			     struct session *outside)
{
	struct session *s = take_place(j, client);
	const bool full = s == NULL;

	if (full)
		s = outside;
	*s = (struct session){ .used = true, .client = client, .report = -1, .check = check, .output = -1 };
	copy(s->id, sizeof(s->id), id);
	copy(s->subject, sizeof(s->subject), j->plan.name);
	if (!full)
		return s;
	fail_at_once(j, s, STEP_EXEC_LIMIT, EAGAIN);
	return NULL;
}

/* `timeout`: in ms. `fields`: those of the request. */
static void go_on(struct jailer *j, struct session *s, const struct fields *fields, int64_t timeout)
{
	s->timeout = (unsigned int)((timeout + 999) / 1000);
	s->deadline = timeout > 0 ? now_ms() + timeout : 0;
	if (s->terminal && s->client == NULL)
		fail_at_once(j, s, STEP_EXEC, EINVAL);
	else if (j->phase < PHASE_STARTING || j->phase == PHASE_EXITED)
		fail_at_once(j, s, STEP_EXEC_SPAWN, ESRCH);
	else if (order(j, s, fields) < 0)
		fail_at_once(j, s, STEP_EXEC_SPAWN, errno);
}

void session_start(struct jailer *j, struct fields *f, struct connection *client, const char *id,
		   unsigned int timeout)
{
	struct session outside, *s = begin(j, client, id, false, &outside);
	const struct fields fields = *f;
	struct request request;

	if (s == NULL)
		return;
	if (!request_parse(&request, f)) {
		fail_at_once(j, s, STEP_EXEC, EINVAL);
		return;
	}
	note_request(s, &request, &j->plan);
	request_free(&request);
	go_on(j, s, &fields, (int64_t)timeout * 1000);
}

static bool read_kind(struct fields *f, enum check_kind *kind)
{
	static const char *const names[] = { "command", "tcp", "http" };
	const char *s = fields_next(f);

	for (int i = 0; s != NULL && i < 3; i++) {
		*kind = (enum check_kind)i;
		if (strcmp(s, names[i]) == 0)
			return true;
	}
	return false;
}

void session_check(struct jailer *j, struct fields *f, const char *id, int64_t timeout)
{
	struct session outside, *s = begin(j, NULL, id, true, &outside);
	struct fields fields;

	if (s == NULL)
		return;
	if (!read_kind(f, &s->kind)) {
		fail_at_once(j, s, STEP_EXEC, EINVAL);
		return;
	}
	fields = *f;
	if (check_note(s, f, &j->plan))
		go_on(j, s, &fields, timeout);
	else
		fail_at_once(j, s, STEP_EXEC, EINVAL);
}

void session_signal(struct jailer *j, int session, int sig)
{
	struct order order = { .type = ORDER_SIGNAL_EXEC, .exec = j->sessions[session].order,
			       .number = sig };

	jail_order(j, &order, NULL, 0);
}

void session_leave(struct jailer *j, int session)
{
	/* Answered, he goes as everybody does. */
	if (j->sessions[session].client == NULL)
		return;
	j->sessions[session].client = NULL;
	session_signal(j, session, SIGHUP);
	session_signal(j, session, SIGCONT);
}

void sessions_forget(struct jailer *j)
{
	for (int i = 0; i < SESSION_MAX; i++) {
		struct session *s = &j->sessions[i];

		if (!s->used || s->id[0] == '\0')
			continue;
		s->id[0] = '\0';
		if (s->check)
			session_signal(j, i, SIGTERM);
	}
}

static void take_terminal(struct session *s, int master)
{
	struct frame f;

	frame_begin(&f, "pty");
	/* Once, and nothing but a terminal: init may be hostile, and the client trusts it. */
	if (s->terminal && s->client != NULL && is_terminal_master(master))
		frame_send(s->client->fd, &f, master);
	s->terminal = false;
	close(master);
}

static void take_report(struct session *s)
{
	const char *subject;
	struct report r;
	int fd = -1, count = 1;
	int got = channel_receive(s->report, &r, sizeof(r), &fd, &count, NULL, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got != 1) {
		if (count == 1)
			close(fd);
		close(s->report);
		s->report = -1;
	} else if (count == 1) {
		take_terminal(s, fd);
	} else {
		fail(s, (enum step)r.step, r.error);
		subject = entry_subject(s->step, s->user, s->workdir, s->subject);
		if (subject != s->subject)
			copy(s->subject, sizeof(s->subject), subject);
	}
}

/* What it said is there before it is gone. */
static void take_last_reports(struct session *s)
{
	for (int i = 0; i < REPORTS_MAX && s->report >= 0; i++)
		take_report(s);
}

void session_report(struct jailer *j, int session)
{
	take_report(&j->sessions[session]);
}

/* As a wait status could say it. */
static struct ending believable(struct ending e)
{
	switch (e.how) {
	case HOW_EXIT:
		return (struct ending){ HOW_EXIT, e.number & 0xff };
	case HOW_SIGNAL:
		return (struct ending){ HOW_SIGNAL, e.number & 0x7f };
	default:
		return (struct ending){ HOW_ERROR, e.number > 0 && e.number < 4096 ? e.number : EIO };
	}
}

void session_ended(struct jailer *j, uint32_t order, struct ending ending)
{
	struct session *s = j->sessions;

	while (s < j->sessions + SESSION_MAX && (!s->used || s->order != order))
		s++;
	if (s == j->sessions + SESSION_MAX)
		return;
	take_last_reports(s);
	if (!s->failed)
		s->ending = believable(ending);
	if (!s->failed && s->ending.how == HOW_ERROR)
		fail(s, STEP_EXEC_SPAWN, s->ending.number);
	answer(j, s);
}

void session_expire(struct jailer *j)
{
	int64_t now = now_ms();

	for (int i = 0; i < SESSION_MAX; i++) {
		struct session *s = &j->sessions[i];

		if (!s->used || s->deadline == 0 || s->deadline > now)
			continue;
		if (s->timed_out) {
			answer(j, s);
			continue;
		}
		s->deadline = now + GRACE;
		s->timed_out = true;
		/* Its minder is to take everybody else along. */
		session_signal(j, i, s->check ? SIGTERM : SIGKILL);
	}
}

int session_timeout(const struct jailer *j)
{
	int64_t first = 0, left;

	for (int i = 0; i < SESSION_MAX; i++)
		if (j->sessions[i].used && j->sessions[i].deadline > 0 &&
		    (first == 0 || j->sessions[i].deadline < first))
			first = j->sessions[i].deadline;
	if (first == 0)
		return -1;
	left = first - now_ms();
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

void sessions_end(struct jailer *j)
{
	for (int i = 0; i < SESSION_MAX; i++) {
		struct session *s = &j->sessions[i];

		if (!s->used)
			continue;
		take_last_reports(s);
		if (!s->failed)
			s->ending = (struct ending){ HOW_SIGNAL, SIGKILL };
		answer(j, s);
	}
}
