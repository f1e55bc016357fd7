#include "notices.h"
#include "calls.h"
#include "jailer.h"
#include "text.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

/* As systemd has it: what is longer is no notice. */
#define NOTICE_MAX 4096
#define STATUS_MAX 512
#define VALUE_MAX 24
/* Between two times that the socket is read, or the monitor told, in ms; and what is read in one. */
#define PAUSE 50
#define BATCH 32

enum name {
	READY, STATUS, STOPPING, RELOADING, WATCHDOG, WATCHDOG_USEC, EXTEND_TIMEOUT_USEC, MAINPID, ERRNO,
	NAME_COUNT
};

static const struct {
	const char *name;
	bool passing;	/* about the moment at which it is said: no news to a new monitor */
} names[NAME_COUNT] = {
	[READY] = { "READY=", false },
	[STATUS] = { "STATUS=", false },
	[STOPPING] = { "STOPPING=", false },
	[RELOADING] = { "RELOADING=", false },
	[WATCHDOG] = { "WATCHDOG=", true },
	[WATCHDOG_USEC] = { "WATCHDOG_USEC=", false },
	[EXTEND_TIMEOUT_USEC] = { "EXTEND_TIMEOUT_USEC=", true },
	[MAINPID] = { "MAINPID=", false },
	[ERRNO] = { "ERRNO=", false },
};

static struct {
	bool open;
	int fd;
	int64_t read_at, tell_at;	/* not before, in ms of the monotonic clock */
	uint32_t said;		/* notices so far */
	struct {
		uint32_t order;	/* which of them this was; 0: none yet */
		bool untold;
		char value[VALUE_MAX];
	} last[NAME_COUNT];
	char status[STATUS_MAX];
} n;

static void on_alarm(int sig)
{
	(void)sig;
}

int notices_open(const struct plan *plan)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int on = 1;

	if (plan->notify == NULL)
		return 0;
	if (text_join(address.sun_path, sizeof(address.sun_path), plan->notify, "", "") == NULL) {
		errno = ENAMETOOLONG;
		return -1;
	}
	unlink(plan->notify);
	n.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (n.fd < 0 || setsockopt(n.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
	    bind(n.fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(plan->notify, 0666) < 0)
		return -1;
	signal(SIGALRM, on_alarm);
	n.open = true;
	return 0;
}

int notices_fd(void)
{
	return n.open && n.read_at <= now_ms() ? n.fd : -1;
}

/* Is this user of the host one of the jail's? */
static bool is_of_jail(const char *map, uid_t uid)
{
	while (map != NULL && *map != '\0') {
		char *end;
		unsigned long first, count;

		strtoul(map, &end, 10);
		first = strtoul(end, &end, 10);
		count = strtoul(end, &end, 10);
		if (uid >= first && uid - first < count)
			return true;
		map = end + strspn(end, "\n");
	}
	return map == NULL;
}

/* The length of the character of UTF-8 at `s`, 0 for what is none. */
static size_t character(const unsigned char *s)
{
	const size_t size = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < size; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return size;
}

/* Up to the first byte that is not UTF-8, and as much as there is room for; control characters write to no terminal. */
static void copy_status(const char *value)
{
	const unsigned char *at = (const unsigned char *)value;
	size_t used = 0, size;

	while (*at != '\0' && (size = character(at)) > 0 && used + size < STATUS_MAX) {
		const bool control = *at < ' ' || *at == 0x7f || (at[0] == 0xc2 && at[1] < 0xa0);

		if (control)
			n.status[used++] = '?';
		for (size_t i = 0; !control && i < size; i++)
			n.status[used++] = (char)at[i];
		at += size;
	}
	n.status[used] = '\0';
}

static bool is_number(const char *value)
{
	uint64_t number;

	return strlen(value) < VALUE_MAX && text_to_number(value, 10, UINT64_MAX, &number);
}

/* False for what nobody means anything by. */
static bool keep(enum name name, const char *value)
{
	char *place = n.last[name].value;

	switch (name) {
	case STATUS:
		copy_status(value);
		return true;
	case WATCHDOG:
		/* A call for help is not to be lost in signs of life. */
		if (n.last[name].untold && strcmp(place, "trigger") == 0)
			return true;
		if (strcmp(value, "1") != 0 && strcmp(value, "trigger") != 0)
			return false;
		break;
	case READY:
	case STOPPING:
	case RELOADING:
		if (strcmp(value, "1") != 0)
			return false;
		break;
	default:
		if (!is_number(value))
			return false;
	}
	strcpy(place, value);
	return true;
}

static void take_line(const char *line)
{
	for (int i = 0; i < NAME_COUNT; i++) {
		const size_t size = strlen(names[i].name);

		if (strncmp(line, names[i].name, size) != 0 || !keep((enum name)i, line + size))
			continue;
		n.last[i].order = ++n.said;
		n.last[i].untold = true;
	}
}

static void take_lines(char *text)
{
	while (text != NULL)
		take_line(strsep(&text, "\n"));
}

/*
 * Closing what came along is the answer to who waits for it (sd_notify_barrier(3)). The kernel does that for us, for
 * there is no room for descriptors; a socket that is to linger (SO_LINGER) would keep us there, but for signals.
 */
static void let_go(bool descriptors)
{
	const struct itimerval soon = { { 0, 1000 }, { 0, 1000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct msghdr nothing = { .msg_iov = NULL };

	if (descriptors)
		setitimer(ITIMER_REAL, &soon, NULL);
	if (recvmsg(n.fd, &nothing, MSG_DONTWAIT) < 0)
		n.read_at = now_ms() + PAUSE;
	if (!descriptors)
		return;
	setitimer(ITIMER_REAL, &never, NULL);
	n.read_at = now_ms() + PAUSE;
}

/* False when there is no more. */
static bool take_one(const struct plan *plan)
{
	char text[NOTICE_MAX + 1];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = text, .iov_len = NOTICE_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t size = recvmsg(n.fd, &msg, MSG_PEEK | MSG_DONTWAIT);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct ucred sender;

	if (size < 0)
		return false;
	let_go((msg.msg_flags & MSG_CTRUNC) != 0);
	text[size] = '\0';
	if ((msg.msg_flags & MSG_TRUNC) != 0 || strlen(text) != (size_t)size || c == NULL ||
	    c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
		return true;
	memcpy(&sender, CMSG_DATA(c), sizeof(sender));
	if (is_of_jail(plan->uid_map, sender.uid))
		take_lines(text);
	return true;
}

void notices_take(const struct plan *plan)
{
	int count = 0;

	/* Who says more than that has to wait: the queue of the socket is full then. */
	while (count < BATCH && notices_fd() >= 0 && take_one(plan))
		count++;
	if (count == BATCH)
		n.read_at = now_ms() + PAUSE;
}

/* The untold one that was said first, or NAME_COUNT. */
static int first_untold(void)
{
	int found = NAME_COUNT;

	for (int i = 0; i < NAME_COUNT; i++)
		if (n.last[i].untold && (found == NAME_COUNT || n.last[i].order < n.last[found].order))
			found = i;
	return found;
}

static void tell_all(struct jailer *j)
{
	struct frame f;
	int i;

	frame_begin(&f, "notify");
	while ((i = first_untold()) < NAME_COUNT) {
		char field[STATUS_MAX + VALUE_MAX];

		frame_add(&f, text_join(field, sizeof(field), names[i].name,
					i == STATUS ? n.status : n.last[i].value, ""));
		n.last[i].untold = false;
	}
	event_send(j, &f);
}

/* Of what a socket takes most is kept free for what has to be told. */
static bool has_room(const struct connection *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };

	return poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0;
}

void notices_tell(struct jailer *j)
{
	const struct connection *c;

	if (!n.open || first_untold() == NAME_COUNT || now_ms() < n.tell_at)
		return;
	c = connection_find(j, ROLE_MONITOR);
	n.tell_at = now_ms() + PAUSE;
	if (c != NULL && has_room(c))
		tell_all(j);
}

void notices_repeat(void)
{
	for (int i = 0; i < NAME_COUNT; i++)
		if (n.last[i].order > 0 && !names[i].passing)
			n.last[i].untold = true;
	n.tell_at = 0;
}

void notices_end(struct jailer *j)
{
	if (!n.open)
		return;
	n.read_at = n.tell_at = 0;
	notices_take(&j->plan);
	notices_tell(j);
}

int notices_timeout(struct jailer *j)
{
	int64_t now, next;

	if (!n.open)
		return -1;
	now = now_ms();
	next = n.read_at > now ? n.read_at : INT64_MAX;
	if (n.tell_at < next && first_untold() < NAME_COUNT && connection_find(j, ROLE_MONITOR) != NULL)
		next = n.tell_at;
	return next == INT64_MAX ? -1 : next > now ? (int)(next - now) : 0;
}
