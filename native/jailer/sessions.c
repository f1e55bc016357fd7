#include "calls.h"
#include "enter.h"
#include "jailer.h"
#include "join.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

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
		frame_add_number(&f, s->number);
	} else {
		frame_begin(&f, "status");
		frame_add(&f, how_name(s->how));
		frame_add_number(&f, s->number);
	}
	frame_send(c->fd, &f, -1);
	connection_close(j, c);
}

static void answer_monitor(struct jailer *j, const struct session *s)
{
	struct frame f;

	if (s->id[0] == '\0')
		return;
	frame_begin(&f, "exec.exit");
	frame_add(&f, s->id);
	frame_add(&f, how_name(s->failed ? HOW_ERROR : s->timed_out ? HOW_TIMEOUT : s->how));
	frame_add_number(&f, s->timed_out && !s->failed ? (int)s->timeout : s->number);
	event_send(j, &f);
}

static void answer(struct jailer *j, struct session *s)
{
	answer_client(j, s);
	answer_monitor(j, s);
	if (s->report >= 0)
		close(s->report);
	s->used = false;
}

/* Over when the report is closed and every process is reaped that ever was. */
static void finish_if_over(struct jailer *j, int i)
{
	struct session *s = &j->sessions[i];

	if (!s->used || s->report >= 0 || s->helper != 0 || (j->spawned[i] != 0 && !s->reaped))
		return;
	if (!s->reaped && !s->failed) {
		/* Killed on its way in, before it could say a word. */
		s->failed = true;
		s->step = STEP_EXEC_SPAWN;
		s->number = ECHILD;
	}
	answer(j, s);
}

static void fail_at_once(struct jailer *j, struct session *s, enum step step, int error)
{
	s->failed = true;
	s->step = step;
	s->number = error;
	s->report = -1;
	answer(j, s);
}

/* What a failure can be about. */
static void note_request(struct session *s, const struct request *r, const struct plan *p)
{
	copy(s->subject, sizeof(s->subject), r->argv[0]);
	copy(s->user, sizeof(s->user), r->user[0] != '\0' ? r->user : p->user);
	copy(s->workdir, sizeof(s->workdir), r->workdir[0] != '\0' ? r->workdir : s->user);
}

void session_start(struct jailer *j, struct fields *f, struct connection *client, const char *id,
		   unsigned int timeout)
{
	struct session outside = { .client = client };	/* for one that gets no place */
	int i = find_free(j);
	struct session *s = i < 0 ? &outside : &j->sessions[i];
	struct request request;
	bool joined;
	int ends[2];

	*s = (struct session){ .used = true, .client = client, .report = -1 };
	copy(s->id, sizeof(s->id), id);
	copy(s->subject, sizeof(s->subject), j->plan.name);
	if (i < 0) {
		fail_at_once(j, s, STEP_EXEC_LIMIT, EAGAIN);
		return;
	}
	j->spawned[i] = 0;
	if (client != NULL) {
		client->role = ROLE_SESSION;
		client->session = i;
	}
	if (!request_parse(&request, f) || (request.terminal && client == NULL)) {
		fail_at_once(j, s, STEP_EXEC, EINVAL);
		return;
	}
	note_request(s, &request, &j->plan);
	if (j->phase < PHASE_STARTING || j->phase == PHASE_EXITED) {
		fail_at_once(j, s, STEP_EXEC_JOIN, ESRCH);
		return;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		fail_at_once(j, s, STEP_EXEC_SPAWN, errno);
		return;
	}
	s->helper = spawn(&j->plan, 0, NULL, &joined);
	if (s->helper == 0)
		join(j, &request, joined, client != NULL ? client->in.fds : NULL, ends[1],
		     &j->spawned[i]);
	request_free(&request);
	close(ends[1]);
	s->report = ends[0];
	s->timeout = timeout;
	s->deadline = timeout > 0 ? now_ms() + (int64_t)timeout * 1000 : 0;
	if (s->helper < 0) {
		close(ends[0]);
		s->helper = 0;
		fail_at_once(j, s, STEP_EXEC_SPAWN, errno);
	}
}

void session_signal(struct jailer *j, int session, int sig)
{
	pid_t pid = j->spawned[session];

	/* Until it is reaped the number is nobody else's. */
	if (pid <= 0 || j->sessions[session].reaped)
		return;
	/* Before setsid(2) there is no group of that number yet. */
	if (kill(-pid, sig) < 0)
		kill(pid, sig);
}

void session_report(struct jailer *j, int session)
{
	struct session *s = &j->sessions[session];
	const char *subject;
	struct report r;
	struct frame f;
	int fd = -1, count = 1;
	int got = channel_receive(s->report, &r, sizeof(r), &fd, &count, NULL, MSG_DONTWAIT);

	if (got < 0 && errno == EAGAIN)
		return;
	if (got != 1) {
		close(s->report);
		s->report = -1;
	} else if (count == 1 && r.step == STEP_ANSWERS) {
		answers_add(&j->answers, fd);
	} else if (count == 1) {
		frame_begin(&f, "pty");
		if (s->client != NULL)
			frame_send(s->client->fd, &f, fd);
		close(fd);
	} else {
		s->failed = true;
		s->step = (enum step)r.step;
		s->number = r.error;
		subject = entry_subject(s->step, s->user, s->workdir, s->subject);
		if (subject != s->subject)
			copy(s->subject, sizeof(s->subject), subject);
	}
	finish_if_over(j, session);
}

bool session_reap(struct jailer *j, pid_t pid, int status)
{
	for (int i = 0; i < SESSION_MAX; i++) {
		struct session *s = &j->sessions[i];

		if (!s->used || (pid != s->helper && pid != j->spawned[i]))
			continue;
		if (pid == s->helper) {
			s->helper = 0;
		} else {
			s->reaped = true;
			s->how = WIFSIGNALED(status) ? HOW_SIGNAL : HOW_EXIT;
			if (!s->failed)
				s->number = WIFSIGNALED(status) ? WTERMSIG(status) :
								  WEXITSTATUS(status);
		}
		/* What it said is there before it is gone. */
		while (s->used && s->report >= 0 && j->spawned[i] != 0 && s->reaped &&
		       s->helper == 0)
			session_report(j, i);
		finish_if_over(j, i);
		return true;
	}
	return false;
}

void session_expire(struct jailer *j)
{
	int64_t now = now_ms();

	for (int i = 0; i < SESSION_MAX; i++) {
		struct session *s = &j->sessions[i];

		if (!s->used || s->deadline == 0 || s->deadline > now)
			continue;
		s->deadline = 0;
		s->timed_out = true;
		session_signal(j, i, SIGKILL);
		if (s->helper > 0)
			kill(s->helper, SIGKILL);
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
		int status;

		if (!s->used)
			continue;
		if (s->helper > 0) {
			kill(s->helper, SIGKILL);
			if (waitpid(s->helper, &status, 0) == s->helper)
				session_reap(j, s->helper, status);
		}
		if (s->used && j->spawned[i] > 0 && !s->reaped &&
		    waitpid(j->spawned[i], &status, 0) == j->spawned[i])
			session_reap(j, j->spawned[i], status);
		if (s->used) {
			if (s->report >= 0)
				close(s->report);
			s->report = -1;
			finish_if_over(j, i);
		}
	}
}
