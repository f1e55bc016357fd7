/* A jail's terminal and the caller's: bytes go through us both ways. */
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct {
	int master;		/* of the jail's pty; -1: there is no terminal */
	bool output_over;	/* nobody inside has it open any more */
	bool input_over;
	size_t typed;		/* bytes on their way to the master */
	char last_typed;
	char input[4096];
} r = { .master = -1, .last_typed = '\n' };

void start_relay(int master)
{
	r.master = master;
	fcntl(master, F_SETFL, fcntl(master, F_GETFL) | O_NONBLOCK);
	resume_relay();
}

void resume_relay(void)
{
	if (r.master < 0)
		return;
	copy_window_size(r.master);
	make_terminal_raw();
}

/* False when there is nothing more to read for now, or for ever. */
static bool copy_output(void)
{
	char bytes[16 * 1024];
	ssize_t n = read(r.master, bytes, sizeof(bytes));

	if (n > 0) {
		print(STDOUT_FILENO, bytes, (size_t)n);
		return true;
	}
	/* EIO: the last process with the terminal open has gone. */
	r.output_over = n == 0 || (errno != EAGAIN && errno != EINTR);
	return false;
}

/* The end of our input is what the terminal's user would type for it. */
static void type_end_of_file(void)
{
	struct termios modes;

	r.input_over = true;
	if (tcgetattr(r.master, &modes) < 0 || !(modes.c_lflag & ICANON))
		return;
	/* In the middle of a line the first one only sends the line off. */
	if (r.last_typed != '\n')
		r.input[r.typed++] = (char)modes.c_cc[VEOF];
	r.input[r.typed++] = (char)modes.c_cc[VEOF];
}

static void read_input(void)
{
	ssize_t n = read(STDIN_FILENO, r.input, sizeof(r.input));

	if (n > 0) {
		r.typed = (size_t)n;
		r.last_typed = r.input[n - 1];
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		type_end_of_file();
	}
}

static void type_input(void)
{
	ssize_t n = write(r.master, r.input, r.typed);

	if (n > 0) {
		r.typed -= (size_t)n;
		memmove(r.input, r.input + n, r.typed);
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		r.typed = 0;
		r.input_over = true;
	}
}

/* Input is read only when all before it has been typed: a jail that does not read holds it up. */
void prepare_relay(struct pollfd fds[RELAY_FDS])
{
	bool alive = r.master >= 0 && !r.output_over;
	bool typing = alive && r.typed > 0;
	bool reading = alive && !typing && !r.input_over;

	fds[0] = (struct pollfd){ .fd = alive ? r.master : -1,
				  .events = (short)(POLLIN | (typing ? POLLOUT : 0)) };
	fds[1] = (struct pollfd){ .fd = reading ? STDIN_FILENO : -1, .events = POLLIN };
}

void relay(const struct pollfd fds[RELAY_FDS])
{
	if (fds[0].revents & ~POLLOUT)
		copy_output();
	if (fds[0].revents & POLLOUT)
		type_input();
	if (fds[1].revents)
		read_input();
}

void end_relay(void)
{
	struct pollfd master = { .fd = r.master, .events = POLLIN };

	/*
	 * The last words of a command that has ended may still be in its terminal. A process that
	 * it left behind may go on printing, so not more than a terminal can hold.
	 */
	for (int reads = 0; reads < 64 && r.master >= 0 && !r.output_over; reads++)
		if (poll(&master, 1, 0) <= 0 || !copy_output())
			break;
	restore_terminal();
}
