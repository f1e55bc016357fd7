/* The conversation with a jailer: it gets descriptors for the command, we get the command's end. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define MESSAGE_MAX (64 * 1024)
#define FIELDS_MAX 4

static struct {
	int jailer, signals;
	int code;		/* the command's; -1 while it runs */
	char name[256];		/* the jail's */
	const char *not_done;
	bool jexec;		/* fails in the words of jexec(8) */
	size_t have;		/* bytes of messages */
	char message[4 + MESSAGE_MAX];
} s;

_Noreturn static void fail(const char *what, const char *why)
{
	COMPLAIN(s.name, ": ", s.not_done, ": ", what, ": ", why);
	exit(CODE_FAILED);
}

/* RUNDIR/jailer.sock: the directory has the jail's name. */
static void name_jail(const char *path)
{
	const char *end = strrchr(path, '/');
	const char *start = end ? memrchr(path, '/', (size_t)(end - path)) : NULL;

	start = start ? start + 1 : path;
	snprintf(s.name, sizeof(s.name), "%.*s", end ? (int)(end - start) : 0, start);
}

static int watch_signals(void)
{
	static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(watched) / sizeof(*watched); i++) {
		struct sigaction action;

		/* What the caller ignores (nohup, a script's background) is not for the jail either. */
		sigaction(watched[i], NULL, &action);
		if (action.sa_handler != SIG_IGN)
			sigaddset(&set, watched[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/* `descriptors`: three of them, or NULL. */
static bool send_message(const char *fields, size_t n, const int *descriptors)
{
	char count[4];
	struct iovec pieces[] = { { count, sizeof(count) }, { (char *)fields, n } };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(3 * sizeof(int)), .cmsg_level = SOL_SOCKET,
				  .cmsg_type = SCM_RIGHTS } };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };
	ssize_t sent;
	size_t left;

	put_u32(count, (uint32_t)n);
	if (descriptors) {
		memcpy(CMSG_DATA(&control.header), descriptors, 3 * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.bytes);
	}
	do
		sent = sendmsg(s.jailer, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < (ssize_t)sizeof(count))
		return false;
	for (left = n + sizeof(count) - (size_t)sent; left > 0; left -= (size_t)sent) {
		sent = send(s.jailer, fields + n - left, left, MSG_NOSIGNAL);
		if (sent < 0 && errno != EINTR)
			return false;
		if (sent < 0)
			sent = 0;
	}
	return true;
}

static void forward_signal(int number)
{
	char fields[24];
	int n = snprintf(fields, sizeof(fields), "signal%c%d", '\0', number);

	send_message(fields, (size_t)n + 1, NULL);
}

static void heed_signal(void)
{
	int number = read_signal(s.signals);

	switch (number) {
	case 0:
		break;
	case SIGCONT:
	case SIGWINCH:
		resume_relay();
		break;
	default:
		/* The command has ended, and only who reads what it said is slow. */
		if (s.code >= 0)
			exit(CODE_SIGNAL + number);
		forward_signal(number);
	}
}

static int end_with_status(const char *how, const char *n)
{
	end_relay();
	return strcmp(how, "signal") == 0 ? CODE_SIGNAL + atoi(n) : atoi(n);
}

/* jexec(8) of FreeBSD ends with 1 when it cannot run a command. */
static int end_as_jexec(const char *step, const char *subject, const char *why, bool missing)
{
	bool no_user = missing && strcmp(step, "user") == 0;
	const char *call = strcmp(step, "exec") == 0 ? "execvp" : step;

	char text[4096];

	if (no_user)
		snprintf(text, sizeof(text), "jexec: %s: no such user", subject);
	else
		snprintf(text, sizeof(text), "jexec: %s: %s: %s", call, subject, why);
	fprintf(stderr, "%s\n", make_harmless(text));
	return CODE_FAILED;
}

static int end_with_error(const char *step, const char *subject, const char *error)
{
	char *end;
	long number = strtol(error, &end, 10);
	bool is_number = end != error && *end == '\0';
	bool missing = is_number ? number == ENOENT : strcmp(error, "ENOENT") == 0;
	const char *why = is_number ? strerror((int)number) : error;

	end_relay();
	if (s.jexec)
		return end_as_jexec(step, subject, why, missing);
	COMPLAIN(s.name, ": ", s.not_done, ": ", step, *subject ? " " : "", subject, ": ", why);
	return missing ? CODE_NOT_FOUND : CODE_NOT_RUN;
}

/* Returns the exit code when the message was the last one, else -1. */
static int read_message(const char *bytes, size_t n)
{
	const char *fields[FIELDS_MAX] = { "", "", "", "" };
	int count = 0;

	if (n == 0 || bytes[n - 1] != '\0')
		fail("jailer", "sent a message that is not complete");
	for (const char *at = bytes; at < bytes + n && count < FIELDS_MAX; at += strlen(at) + 1)
		fields[count++] = at;
	if (strcmp(fields[0], "status") == 0 && count == 3)
		return end_with_status(fields[1], fields[2]);
	if (strcmp(fields[0], "error") == 0 && count == 4)
		return end_with_error(fields[1], fields[2], fields[3]);
	return -1;		/* `pty` is its descriptor; what later jailers may say is not for us */
}

static int take_messages(void)
{
	int code = -1;

	while (code < 0 && s.have >= 4) {
		size_t n = read_u32((const unsigned char *)s.message);

		if (n > MESSAGE_MAX)
			fail("jailer", "sent a message that is too large");
		if (s.have < 4 + n)
			break;
		code = read_message(s.message + 4, n);
		s.have -= 4 + n;
		memmove(s.message, s.message + 4 + n, s.have);
	}
	return code;
}

static int read_jailer(void)
{
	struct iovec piece = { s.message + s.have, sizeof(s.message) - s.have };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(s.jailer, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *header;
	int fd;

	if (n < 0 && errno == EINTR)
		return -1;
	if (n <= 0) {
		end_relay();
		COMPLAIN(s.name, ": ", s.not_done, ": jailer: ",
			 n == 0 ? "closed the connection" : strerror(errno));
		return CODE_FAILED;
	}
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(sizeof(fd))) {
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
		close_pipes();
		start_relay(fd);
	}
	s.have += (size_t)n;
	return take_messages();
}

static int converse(void)
{
	struct pollfd fds[2 + RELAY_FDS + PIPE_FDS] = { { .fd = s.jailer, .events = POLLIN },
							{ .fd = s.signals, .events = POLLIN } };
	struct pollfd *terminal = fds + 2, *pipes = terminal + RELAY_FDS;

	for (s.code = -1;;) {
		int timeout = prepare_pipes(pipes);

		prepare_relay(terminal);
		if (poll(fds, sizeof(fds) / sizeof(*fds), timeout) < 0)
			continue;
		if (fds[1].revents)
			heed_signal();
		relay(terminal);
		relay_pipes(pipes);
		if (s.code < 0 && fds[0].revents)
			s.code = read_jailer();
		if (s.code >= 0 && pipes_are_done())
			return s.code == 0 && pipes_failed() ? CODE_FAILED : s.code;
		fds[0].fd = s.code < 0 ? s.jailer : -1;
	}
}

/* Field `index` of a message, or "". */
static const char *field(const char *fields, size_t n, int index)
{
	const char *end = fields + n;

	while (index-- > 0 && fields < end)
		fields += strlen(fields) + 1;
	return fields < end ? fields : "";
}

/* A terminal is the jail's own, and its command gets nothing else. */
static bool open_streams(const char *fields, size_t n, int theirs[3])
{
	int terminal = strcmp(fields, "attach") == 0 ? 1 : 3;

	if (strcmp(field(fields, n, terminal), "yes") != 0)
		return open_pipes(theirs);
	for (int i = 0; i < 3; i++)
		theirs[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
	return theirs[2] >= 0;
}

int hand_over(const struct call *call, const char *path, const char *fields, size_t n)
{
	int theirs[3];

	s.jexec = strcmp(call->name, "jexec") == 0;
	s.not_done = strcmp(fields, "attach") == 0 ? "not started" : "not run";
	name_jail(path);
	s.signals = watch_signals();
	s.jailer = connect_to(path);
	if (s.signals < 0 || s.jailer < 0)
		fail(path, strerror(errno));
	if (!open_streams(fields, n, theirs))
		fail("pipe", strerror(errno));
	if (!send_message(fields, n, theirs))
		fail(path, strerror(errno));
	for (int i = 0; i < 3; i++)
		close(theirs[i]);
	return converse();
}
