/* A command that goes on talking with the one at the terminal: what he types and the size of his window go to jaild. */
#include "client.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define TYPED_MAX 4096
#define HEADER 5

static struct {
	int jaild, signals;	/* -1: the terminal is the caller's */
	char enter[SCREEN_MAX];
} l = { .jaild = -1, .signals = -1 };

/* That jaild does not listen any more is seen where it is read from. */
static void send_frame(char type, const char *bytes, size_t n)
{
	char frame[HEADER + TYPED_MAX] = { type };
	size_t sent = 0;

	put_u32(frame + 1, (uint32_t)n);
	memcpy(frame + HEADER, bytes, n);
	while (sent < HEADER + n) {
		ssize_t now = send(l.jaild, frame + sent, HEADER + n - sent, MSG_NOSIGNAL);

		if (now < 0 && errno != EINTR)
			return;
		sent += now < 0 ? 0 : (size_t)now;
	}
}

/* setlocale(3)'s order. */
static const char *locale(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "";
}

static void send_window(void)
{
	struct winsize window = { 0 };
	char fields[80];
	int n;

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &window);
	n = snprintf(fields, sizeof(fields), "%u%c%u%c%.40s", window.ws_col, '\0', window.ws_row, '\0',
		     locale());
	send_frame('W', fields, (size_t)n + 1);
}

static void watch_window(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGTSTP);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (l.signals < 0)
		l.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void enter(void)
{
	make_terminal_quiet();
	print(STDOUT_FILENO, l.enter, strlen(l.enter));
	send_window();
}

bool take_terminal(int jaild, const char *first, const char *last)
{
	if (l.jaild >= 0 || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return false;
	l.jaild = jaild;
	strcpy(l.enter, first);
	print_at_restore(last);
	watch_window();
	enter();
	return true;
}

void give_back_terminal(void)
{
	l.jaild = -1;
	restore_terminal();
}

static void heed_signal(void)
{
	switch (read_signal(l.signals)) {
	case SIGCONT:
		enter();
		break;
	case SIGWINCH:
		send_window();
		break;
	}
}

static void read_typed(void)
{
	char typed[TYPED_MAX];
	ssize_t n = read(STDIN_FILENO, typed, sizeof(typed));

	if (n > 0)
		send_frame('I', typed, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		exit(CODE_SIGNAL + SIGHUP);	/* there is no terminal any more */
}

void prepare_live(struct pollfd fds[LIVE_FDS])
{
	bool is_live = l.jaild >= 0;

	fds[0] = (struct pollfd){ .fd = is_live ? STDIN_FILENO : -1, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = is_live ? l.signals : -1, .events = POLLIN };
}

void relay_live(const struct pollfd fds[LIVE_FDS])
{
	if (fds[1].revents)
		heed_signal();
	if (fds[0].revents)
		read_typed();
}
