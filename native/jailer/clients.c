#include "calls.h"
#include "jailer.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIGNAL_MAX 64
#define SECONDS_MAX (365U * 86400)

struct connection *connection_find(struct jailer *j, enum role role)
{
	for (int i = 0; i < CONNECTION_MAX; i++)
		if (j->connections[i].role == role)
			return &j->connections[i];
	return NULL;
}

void connection_accept(struct jailer *j)
{
	int fd = accept4(j->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c = connection_find(j, ROLE_NONE);
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (fd < 0)
		return;
	if (c == NULL || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
	    peer.uid != 0) {
		close(fd);
		return;
	}
	*c = (struct connection){ .role = ROLE_NEW, .fd = fd };
}

void connection_close(struct jailer *j, struct connection *c)
{
	bool attached = c->role == ROLE_ATTACHED;

	if (c->role == ROLE_SESSION)
		session_leave(j, c->session);
	inbox_clear(&c->in);
	close(c->fd);
	c->role = ROLE_NONE;
	/* Nobody is left to see what a foreground jail does. */
	if (attached)
		jail_kill(j);
}

static void refuse(struct jailer *j, struct connection *c, enum step step, int error)
{
	struct frame f;

	frame_begin(&f, "error");
	frame_add(&f, step_name(step));
	frame_add(&f, j->plan.name != NULL ? j->plan.name : "");
	frame_add_number(&f, error);
	frame_send(c->fd, &f, -1);
	c->role = ROLE_NEW;	/* closing it must not end what it did not get */
	connection_close(j, c);
}

static void become_monitor(struct jailer *j, struct connection *c)
{
	struct connection *earlier = connection_find(j, ROLE_MONITOR);

	if (earlier != NULL)
		connection_close(j, earlier);
	sessions_forget(j);
	c->role = ROLE_MONITOR;
	event_hello(j, c);
	/* While he does what there is to do before `go`. */
	if (!j->plan.late && j->init > 0) {
		jail_supply(j);
		jail_drop(j);
	}
}

static void attach(struct jailer *j, struct connection *c)
{
	if (j->failed) {
		/* Too late: what the building failed at is the answer. */
		c->role = ROLE_ATTACHED;
		tell_attached(j);
		return;
	}
	if (!j->plan.foreground || c->in.fd_count != MESSAGE_FDS) {
		refuse(j, c, STEP_ATTACH, EINVAL);
		return;
	}
	if (connection_find(j, ROLE_ATTACHED) != NULL) {
		refuse(j, c, STEP_ATTACH, EBUSY);
		return;
	}
	c->role = ROLE_ATTACHED;
	j->attached_count = MESSAGE_FDS;
	memcpy(j->attached, c->in.fds, sizeof(j->attached));
	c->in.fd_count = 0;	/* they are the jail's now */
	jail_begin(j);
}

static bool read_number(struct fields *f, uint64_t max, int *n)
{
	const char *s = fields_next(f);
	uint64_t value;

	if (s == NULL || !text_to_number(s, 10, max, &value))
		return false;
	*n = (int)value;
	return true;
}

/* "5", or "0.25", as ms. */
static bool read_seconds(struct fields *f, int64_t *ms)
{
	char *s = fields_next(f), *point = s != NULL ? strchr(s, '.') : NULL;
	char digits[4] = "000";
	uint64_t whole, part;

	if (point != NULL) {
		*point = '\0';
		memcpy(digits, point + 1, strnlen(point + 1, 3));
	}
	if (s == NULL || !text_to_number(s, 10, SECONDS_MAX, &whole) || !text_to_number(digits, 10, 999, &part))
		return false;
	*ms = (int64_t)(whole * 1000 + part);
	return true;
}

/* The first message says what the connection is. */
static bool introduce(struct jailer *j, struct connection *c, const char *type, struct fields *f)
{
	if (strcmp(type, "monitor") == 0)
		become_monitor(j, c);
	else if (strcmp(type, "attach") == 0)
		attach(j, c);
	else if (strcmp(type, "exec") == 0 && c->in.fd_count == MESSAGE_FDS)
		session_start(j, f, c, "", 0);
	else
		return false;
	return true;
}

static bool command(struct jailer *j, const char *type, struct fields *f)
{
	int n;

	if (strcmp(type, "go") == 0) {
		jail_go(j);
	} else if (strcmp(type, "kill") == 0) {
		jail_kill(j);
	} else if (strcmp(type, "log.reopen") == 0) {
		return output_reopen(j, f);
	} else if (strcmp(type, "log.replace") == 0) {
		const char *inode = fields_next(f), *file = fields_next(f);

		return inode != NULL && file != NULL && output_replace(j, inode, file);
	} else if (strcmp(type, "signal") == 0 && read_number(f, SIGNAL_MAX, &n)) {
		jail_signal(j, ORDER_SIGNAL, n);
	} else if (strcmp(type, "exec") == 0) {
		const char *id = fields_next(f);

		if (id == NULL || !read_number(f, SECONDS_MAX, &n))
			return false;
		session_start(j, f, NULL, id, (unsigned int)n);
	} else if (strcmp(type, "check") == 0) {
		const char *id = fields_next(f);
		int64_t timeout;

		if (id == NULL || !read_seconds(f, &timeout))
			return false;
		session_check(j, f, id, timeout);
	} else {
		return false;
	}
	return true;
}

static bool serve(struct jailer *j, struct connection *c, struct fields *f)
{
	const char *type = fields_next(f);
	int sig;

	if (type == NULL)
		return false;
	switch (c->role) {
	case ROLE_NEW:
		return introduce(j, c, type, f);
	case ROLE_MONITOR:
		return command(j, type, f);
	default:
		if (strcmp(type, "signal") != 0 || !read_number(f, SIGNAL_MAX, &sig))
			return false;
		if (c->role == ROLE_ATTACHED)
			jail_signal(j, ORDER_SIGNAL_MAIN, sig);
		else
			session_signal(j, c->session, sig);
		return true;
	}
}

void connection_serve(struct jailer *j, struct connection *c)
{
	struct fields f;
	int got = inbox_read(&c->in, c->fd, &f);

	if (got == 0)
		return;
	if (got < 0 || !serve(j, c, &f)) {
		if (c->role != ROLE_NONE)
			connection_close(j, c);
		return;
	}
	if (c->role != ROLE_NONE)
		inbox_clear(&c->in);
}
