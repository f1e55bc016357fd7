#include "client.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t is_raw;

void restore_terminal(void)
{
	if (!is_raw)
		return;
	is_raw = 0;
	/* Without waiting for output: a terminal that was stopped must not keep us here. */
	tcsetattr(STDIN_FILENO, TCSANOW, &saved);
}

/* Signals that end a program and that nobody forwards: the terminal first, then their own effect. */
static void restore_and_die(int signal)
{
	restore_terminal();
	raise(signal);
}

static void restore_at_every_end(void)
{
	static const int deadly[] = { SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS,
				      SIGTRAP, SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ };
	struct sigaction action = { .sa_handler = restore_and_die,
				    .sa_flags = (int)SA_RESETHAND | SA_NODEFER };

	for (size_t i = 0; i < sizeof(deadly) / sizeof(*deadly); i++)
		sigaction(deadly[i], &action, NULL);
	atexit(restore_terminal);
}

void make_terminal_raw(void)
{
	static bool prepared;
	struct termios raw;

	if (is_raw || tcgetattr(STDIN_FILENO, &saved) < 0)
		return;
	if (!prepared)
		restore_at_every_end();
	prepared = true;
	raw = saved;
	raw.c_iflag &= ~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	raw.c_oflag &= ~(tcflag_t)OPOST;
	raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	raw.c_cflag = (raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	is_raw = tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
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
