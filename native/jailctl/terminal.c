#include "client.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_changed;
static char last_bytes[SCREEN_MAX];

/* In a signal's handler as well. */
void restore_terminal(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO, .events = POLLOUT };

	if (!is_changed)
		return;
	is_changed = 0;
	/* Without waiting for output: a terminal that was stopped must not keep us here. */
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	if (*last_bytes && poll(&out, 1, 0) > 0 && write(STDOUT_FILENO, last_bytes, strlen(last_bytes)) < 0)
		return;		/* nobody looks at it any more */
}

/* Signals that end a program and that nobody forwards: the terminal first, then their own effect. */
static void restore_and_die(int signal)
{
	restore_terminal();
	raise(signal);
}

static void restore_at(const int *signals, size_t n)
{
	struct sigaction action = { .sa_handler = restore_and_die,
				    .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < n; i++) {
		struct sigaction was;

		/* What the caller ignores goes on being ignored. */
		if (sigaction(signals[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static void restore_at_every_end(void)
{
	static const int deadly[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS,
				      SIGTRAP, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };
	static bool prepared;

	if (prepared)
		return;
	prepared = true;
	restore_at(deadly, sizeof(deadly) / sizeof(*deadly));
	atexit(restore_terminal);
}

/* Before they are changed: a signal may come in between. */
static bool save_modes(void)
{
	if (!is_changed && tcgetattr(STDIN_FILENO, &saved) < 0)
		return false;
	restore_at_every_end();
	is_changed = 1;
	return true;
}

void make_terminal_raw(void)
{
	struct termios raw;

	if (is_changed || !save_modes())
		return;
	raw = saved;
	raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

/* The keys of signals work as ever: nobody is locked in when jaild does not answer. */
void make_terminal_quiet(void)
{
	static const int asked[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
	struct termios quiet;

	if (!save_modes())
		return;
	restore_at(asked, sizeof(asked) / sizeof(*asked));
	quiet = saved;
	quiet.c_iflag &= ~(tcflag_t)IXON;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	/* What has been typed ahead is for us. */
	tcsetattr(STDIN_FILENO, TCSADRAIN, &quiet);
}

void print_at_restore(const char *last)
{
	strcpy(last_bytes, last);
}

int read_signal(int signals)
{
	struct signalfd_siginfo signal;

	if (read(signals, &signal, sizeof(signal)) != (ssize_t)sizeof(signal))
		return 0;
	if (signal.ssi_signo != SIGTSTP)
		return (int)signal.ssi_signo;
	restore_terminal();
	raise(SIGSTOP);
	return 0;
}

void copy_window_size(int master)
{
	struct winsize window;

	for (int fd = 0; fd <= 2; fd++) {
		if (ioctl(fd, TIOCGWINSZ, &window) < 0)
			continue;
		ioctl(master, TIOCSWINSZ, &window);
		return;
	}
}
