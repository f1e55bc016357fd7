#include "client.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FRAME_MAX (16u << 20)
#define HAND_OVER_MAX (2u << 20)

static struct {
	int fd;
	bool any_frame;
	bool printed;
	size_t from, to;
	char bytes[64 * 1024];
} in;

_Noreturn static void lost(const char *why)
{
	COMPLAIN(why);
	exit(in.any_frame ? CODE_FAILED : CODE_UNREACHABLE);
}

/*
 * The reader of our output may go away while nothing is to be printed (`logs -f | grep -m1 x`).
 * Watched only after something was printed: `start web | true` shall wait for the start.
 */
static void wait_for_jaild(void)
{
	struct pollfd fds[2 + LIVE_FDS] = { { .fd = in.fd, .events = POLLIN },
					    { .fd = in.printed ? STDOUT_FILENO : -1 } };

	do {
		prepare_live(fds + 2);
		if (poll(fds, sizeof(fds) / sizeof(*fds), -1) < 0)
			continue;
		relay_live(fds + 2);
		if (fds[0].revents == 0 && fds[1].revents & POLLERR)
			exit(CODE_SIGNAL + SIGPIPE);
	} while (fds[0].revents == 0);
}

static void fill(void)
{
	ssize_t n;

	do {
		wait_for_jaild();
		n = read(in.fd, in.bytes, sizeof(in.bytes));
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		lost("jaild closed the connection");
	in.from = 0;
	in.to = (size_t)n;
}

/* Up to `n` bytes of what has arrived, at least one. */
static size_t take(const char **bytes, size_t n)
{
	size_t have;

	if (in.from == in.to)
		fill();
	have = in.to - in.from;
	*bytes = in.bytes + in.from;
	in.from += n < have ? n : have;
	return n < have ? n : have;
}

static void take_all(char *to, size_t n)
{
	while (n > 0) {
		const char *bytes;
		size_t now = take(&bytes, n);

		memcpy(to, bytes, now);
		to += now;
		n -= now;
	}
}

static void copy(int fd, size_t n)
{
	while (n > 0) {
		const char *bytes;
		size_t now = take(&bytes, n);

		print(fd, bytes, now);
		n -= now;
	}
}

static int hand_over_frame(const struct call *call, size_t n)
{
	static char fields[HAND_OVER_MAX];
	size_t path;

	if (n > sizeof(fields))
		lost("jaild sent a hand-over that is too large");
	take_all(fields, n);
	path = strnlen(fields, n) + 1;
	if (n == 0 || path >= n || fields[n - 1] != '\0')
		lost("jaild sent a hand-over that is not complete");
	close(in.fd);
	return hand_over(call, fields, fields + path, n - path);
}

/* What to print first and last, or nothing: the terminal is the caller's again. */
static void terminal_frame(size_t n)
{
	char fields[SCREEN_MAX];
	size_t last;

	if (n > sizeof(fields))
		lost("jaild sent too much for the terminal");
	if (n == 0) {
		give_back_terminal();
		return;
	}
	take_all(fields, n);
	last = strnlen(fields, n) + 1;
	if (last >= n || strnlen(fields + last, n - last) != n - last - 1)
		lost("jaild sent something for the terminal that is not complete");
	if (!take_terminal(in.fd, fields, fields + last))
		lost("jaild asks for a terminal that is not there");
}

static int exit_frame(size_t n)
{
	char code;

	if (n != 1)
		lost("jaild sent an exit code that is none");
	take_all(&code, 1);
	return (unsigned char)code;
}

/* jail(8) tells success from failure, and nothing more. */
static int told_code(const struct call *call, int code)
{
	return strcmp(call->name, "jail") == 0 && code != 0 ? CODE_FAILED : code;
}

int copy_answer(int fd, const struct call *call)
{
	in.fd = fd;
	for (;;) {
		char header[5];
		size_t n;

		take_all(header, sizeof(header));
		n = read_u32((const unsigned char *)header + 1);
		if (n > FRAME_MAX)
			lost("jaild sent a frame that is too large");
		in.any_frame = true;
		switch (header[0]) {
		case 'O':
			copy(STDOUT_FILENO, n);
			in.printed = true;
			break;
		case 'E':
			copy(STDERR_FILENO, n);
			break;
		case 'T':
			terminal_frame(n);
			break;
		case 'X':
			return exit_frame(n);
		case 'L':
			run_locally(call, NULL);
		case 'H':
			return told_code(call, hand_over_frame(call, n));
		default:
			lost("jaild sent a frame that this client does not know; is it older than jaild?");
		}
	}
}
