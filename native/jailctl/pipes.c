/*
 * Between the caller's standard streams and a command in a jail: the command has pipes of ours, and only bytes
 * go through. A descriptor of the caller's in the jail's hands could be read back, truncated, or typed into.
 */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * 1024)
#define PIPE_SIZE (256 * 1024)
#define SMALL 4096		/* a pipe that is ready takes so much without blocking */
#define LOOK_MS 300		/* how often a client in the background looks whether it still is */

/* Bytes on their way from one descriptor to another. */
struct stream {
	int from, to;		/* -1: over */
	size_t most;		/* that one write may have */
	bool is_socket;
	size_t at, have;	/* what of `bytes` is still to be written */
	size_t left;		/* of a command that has ended: what it still has in its pipe */
	char bytes[CHUNK];
};

static struct {
	bool open, ending, failed;
	bool types;		/* stdin is a terminal */
	struct stream in, out[2];	/* out[1] is unused when stdout and stderr are one */
} p;

/* Our end does not block, and is nobody else's; theirs is as a shell makes it. */
static bool open_pipe(int *ours, int *theirs, bool is_input)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return false;
	*ours = ends[is_input ? 1 : 0];
	*theirs = ends[is_input ? 0 : 1];
	fcntl(*ours, F_SETPIPE_SZ, PIPE_SIZE);	/* the usual size will do as well */
	/* The jail's users open /dev/stdout by name, and are strangers to who made the pipe. */
	return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0 &&
	       fchmod(*theirs, is_input ? 0444 : 0222) == 0;
}

/* A sink that another program is slow to empty must not keep us from signals and the other streams. */
static void open_sink(struct stream *s, int fd)
{
	struct stat st;
	char path[32];

	s->to = fd;
	s->most = CHUNK;
	if (fstat(fd, &st) < 0)
		return;
	s->is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !isatty(fd))
		return;
	/* The caller shares his open file with others: the flag is set on one of our own. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	s->to = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (s->to >= 0)
		return;
	s->to = fd;
	s->most = SMALL;
}

/* One pipe for both keeps the order in which the command has printed. */
static bool is_one_output(void)
{
	struct stat out, err;

	return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
	       out.st_dev == err.st_dev && out.st_ino == err.st_ino &&
	       fcntl(STDOUT_FILENO, F_GETFL) == fcntl(STDERR_FILENO, F_GETFL);
}

bool open_pipes(int theirs[3])
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	p.open = true;
	p.types = isatty(STDIN_FILENO);
	p.in.from = STDIN_FILENO;
	p.in.most = CHUNK;
	p.out[1].from = -1;
	if (!open_pipe(&p.in.to, &theirs[0], true) || !open_pipe(&p.out[0].from, &theirs[1], false))
		return false;
	open_sink(&p.out[0], STDOUT_FILENO);
	if (is_one_output()) {
		theirs[2] = fcntl(theirs[1], F_DUPFD_CLOEXEC, 3);
	} else {
		if (!open_pipe(&p.out[1].from, &theirs[2], false))
			return false;
		open_sink(&p.out[1], STDERR_FILENO);
	}
	/* In the background the terminal is not ours to read, which is no reason to be stopped. */
	if (p.types)
		sigaction(SIGTTIN, &ignore, NULL);
	return theirs[2] >= 0;
}

static void end(int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
	*fd = -1;
}

void close_pipes(void)
{
	if (!p.open)
		return;
	p.open = false;
	end(&p.in.to);
	end(&p.out[0].from);
	end(&p.out[1].from);
}

static bool may_read_terminal(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

static bool is_busy(const struct stream *s)
{
	return s->from >= 0 || s->have > 0;
}

static struct pollfd on(int fd, short events)
{
	return (struct pollfd){ .fd = fd, .events = events };
}

/* Milliseconds that poll(2) may wait, -1 for ever. */
int prepare_pipes(struct pollfd fds[PIPE_FDS])
{
	bool waits = false;

	for (int i = 0; i < PIPE_FDS; i++)
		fds[i] = on(-1, 0);
	if (!p.open)
		return -1;
	for (int i = 0; i < 2; i++) {
		const struct stream *s = &p.out[i];

		fds[2 * i] = on(s->have == 0 && !p.ending ? s->from : -1, POLLIN);
		fds[2 * i + 1] = on(s->have > 0 ? s->to : -1, POLLOUT);
	}
	if (p.in.to < 0)
		return -1;
	/* Without events too: whether anybody is left to read it. */
	fds[5] = on(p.in.to, p.in.have > 0 ? POLLOUT : 0);
	if (p.in.have == 0 && p.in.from >= 0) {
		waits = p.types && !may_read_terminal();
		fds[4] = on(waits ? -1 : p.in.from, POLLIN);
	}
	return waits ? LOOK_MS : -1;
}

static bool take(struct stream *s)
{
	size_t most = p.ending && s->left < CHUNK ? s->left : CHUNK;
	ssize_t n = most > 0 ? read(s->from, s->bytes, most) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	/* A terminal that has just become another's; whether it comes back is looked at again. */
	if (n < 0 && errno == EIO && s == &p.in && p.types && !may_read_terminal())
		return false;
	if (n <= 0) {
		end(&s->from);
		return false;
	}
	s->at = 0;
	s->have = (size_t)n;
	s->left -= p.ending ? (size_t)n : 0;
	return true;
}

/* False when there is nobody left to write to. */
static bool put(struct stream *s)
{
	size_t n = s->have < s->most ? s->have : s->most;
	ssize_t done = s->is_socket ? send(s->to, s->bytes + s->at, n, MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(s->to, s->bytes + s->at, n);

	if (done < 0)
		return errno == EAGAIN || errno == EINTR;
	s->at += (size_t)done;
	s->have -= (size_t)done;
	return true;
}

/* The command finds its output closed, as it would have without us. */
static void give_up_output(struct stream *s)
{
	if (errno != EPIPE) {
		COMPLAIN(s == &p.out[0] ? "stdout: " : "stderr: ", strerror(errno));
		p.failed = true;
	}
	end(&s->from);
	s->have = 0;
}

static void end_input(void)
{
	end(&p.in.to);
	p.in.have = 0;
}

static void relay_output(struct stream *s, const struct pollfd *source, const struct pollfd *sink)
{
	if (source->revents && !take(s))
		return;
	if ((source->revents || sink->revents) && s->have > 0 && !put(s))
		give_up_output(s);
}

static void relay_input(const struct pollfd *source, const struct pollfd *sink)
{
	if (sink->revents & POLLERR) {
		end_input();
		return;
	}
	if (source->revents)
		take(&p.in);
	if (p.in.have > 0 && !put(&p.in))
		end_input();
	if (!is_busy(&p.in))
		end_input();
}

void relay_pipes(const struct pollfd fds[PIPE_FDS])
{
	if (!p.open)
		return;
	relay_output(&p.out[0], &fds[0], &fds[1]);
	relay_output(&p.out[1], &fds[2], &fds[3]);
	if (p.in.to >= 0)
		relay_input(&fds[4], &fds[5]);
}

/*
 * What the command has said before it ended is in the pipes by now. A process that it left behind may go on
 * printing: that is not waited for.
 */
static void begin_end(void)
{
	int n;

	for (int i = 0; i < 2; i++)
		if (p.out[i].from >= 0 && ioctl(p.out[i].from, FIONREAD, &n) == 0)
			p.out[i].left = (size_t)n;
	end_input();
	p.ending = true;
}

bool pipes_are_done(void)
{
	bool busy = false;

	if (!p.open)
		return true;
	if (!p.ending)
		begin_end();
	for (int i = 0; i < 2; i++) {
		struct stream *s = &p.out[i];

		if (s->have == 0 && s->from >= 0 && (s->left == 0 || !take(s)))
			end(&s->from);
		busy |= is_busy(s);
	}
	return !busy;
}

bool pipes_failed(void)
{
	return p.failed;
}
