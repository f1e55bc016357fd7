/*
 * jailctl, jail, jls and jexec: the thin client. It knows no command. It tells jaild how it was called,
 * copies what jaild answers, and exits with the code that it is told (PROTOCOL.md, section 5).
 */
#ifndef JAILCTL_CLIENT_H
#define JAILCTL_CLIENT_H

#define _GNU_SOURCE	/* so this file is included first */

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum exit_code {
	CODE_FAILED = 1,
	CODE_USAGE = 2,
	CODE_UNREACHABLE = 3,
	CODE_NOT_RUN = 126,
	CODE_NOT_FOUND = 127,
	CODE_SIGNAL = 128,	/* plus the signal's number */
};

/* How the client was called. */
struct call {
	const char *name;	/* jailctl, jail, jls or jexec */
	const char *prefix;	/* of the instance; NULL for the host's own */
	char **words;		/* the arguments, without --prefix; NULL ends them */
};

/* instance.c: takes --prefix and JAILD_PREFIX out of the arguments, and leaves JAILD_PREFIX set. */
struct call read_call(char **argv);
/* The path of the instance's control socket. */
const char *socket_of(const struct call *call);

/* request.c: sends the `A` frame. A daemon that has closed already may still have answered. */
void send_request(int fd, const struct call *call);

/* answer.c: copies frames until the last one; returns the exit code. */
int copy_answer(int fd, const struct call *call);

/* local.c: becomes the same command in a Node process; `unreachable` says why, or is NULL. */
_Noreturn void run_locally(const struct call *call, const char *unreachable);

/* handover.c: has the jailer at `path`, whose first message is `fields`, run a command between pipes or on
 * a terminal of the jail's. Returns the exit code. */
int hand_over(const struct call *call, const char *path, const char *fields, size_t n);

/* relay.c: between the caller's terminal and the jail's, whose master the jailer gave us. */
#define RELAY_FDS 2
void start_relay(int master);
void resume_relay(void);	/* after a change of size, or after we were stopped */
void prepare_relay(struct pollfd fds[RELAY_FDS]);
void relay(const struct pollfd fds[RELAY_FDS]);
void end_relay(void);

/* pipes.c: between the caller's stdin, stdout and stderr and a command without a terminal. */
#define PIPE_FDS 6
bool open_pipes(int theirs[3]);	/* makes the command's ends; false with errno */
void close_pipes(void);
int prepare_pipes(struct pollfd fds[PIPE_FDS]);	/* returns the timeout for poll(2) */
void relay_pipes(const struct pollfd fds[PIPE_FDS]);
bool pipes_are_done(void);	/* asked when the command has ended: all it said has been passed on */
bool pipes_failed(void);	/* some of it could not be */

/* live.c: a command of jaild that has the caller's terminal for a while. */
#define SCREEN_MAX 256		/* bytes of a `T` frame */
#define LIVE_FDS 2
bool take_terminal(int jaild, const char *first, const char *last);	/* false: there is none to take */
void give_back_terminal(void);
void prepare_live(struct pollfd fds[LIVE_FDS]);
void relay_live(const struct pollfd fds[LIVE_FDS]);

/* terminal.c: the caller's terminal. All are harmless where stdin is none. */
void make_terminal_raw(void);
void make_terminal_quiet(void);	/* each key is read as it is typed, and not shown; those of signals stay so */
void print_at_restore(const char *last);	/* to stdout, at most SCREEN_MAX bytes */
void restore_terminal(void);
void copy_window_size(int master);
int read_signal(int signals);	/* from a signalfd(2); 0: none, or SIGTSTP, after which we go on with SIGCONT */

/* io.c */
int connect_to(const char *path);			/* -1 with errno */
bool write_all(int fd, const char *bytes, size_t n);	/* false with errno */
void print(int fd, const char *bytes, size_t n);	/* to stdout or stderr, or ends the program */
void complain(const char *const *parts);		/* "error: ", the parts up to NULL, newline */
char *make_harmless(char *text);			/* to a terminal; gives back the text */
uint32_t read_u32(const unsigned char *bytes);		/* little-endian, as all counts are */
void put_u32(char *to, uint32_t value);

#define COMPLAIN(...) complain((const char *const[]){ __VA_ARGS__, NULL })

#endif
