/*
 * What the jailer and the jail's init (or a process that it has made) say to each other: one
 * datagram, one struct. Both ends are the same program.
 */
#ifndef JAILER_CHANNEL_H
#define JAILER_CHANNEL_H

#include "steps.h"

#include <stdint.h>
#include <sys/types.h>

/* How something ended; the words are in how_name(). */
enum how { HOW_EXIT, HOW_SIGNAL, HOW_TIMEOUT, HOW_ERROR };

const char *how_name(enum how how);

struct ending {
	enum how how;
	int number;
};

/* Inside → jailer. */
enum note_type {
	NOTE_NETLINK,	/* a descriptor: socket of the network namespace */
	NOTE_FAILED,	/* step, subject, number = errno */
	NOTE_LISTENER,	/* a descriptor: calls that the jailer answers */
	NOTE_BUILT,
	NOTE_PTY,	/* a descriptor: the master */
	NOTE_START,	/* index, how, number */
	NOTE_COMMAND,	/* from `command` before exec: its credentials tell its pid */
	NOTE_RUNNING,
	NOTE_MAIN,	/* how, number */
	NOTE_EXEC,	/* index = its id, how, number: a command of `exec`, or a check, has ended or could not begin */
	NOTE_END,	/* how, number: nothing is left */
};

#define SUBJECT_MAX 200

struct note {
	uint32_t type;
	uint32_t step;
	uint32_t index;
	uint32_t how;
	int32_t number;
	char subject[SUBJECT_MAX];
};

/* Jailer → init. */
enum order_type {
	ORDER_MAPPED,		/* the user and group maps are written */
	ORDER_TREES,		/* number of them, present[], a descriptor for each */
	ORDER_BEGIN,		/* run the commands; maybe with stdin, stdout, stderr */
	ORDER_SIGNAL,		/* number = signal for everyone */
	ORDER_SIGNAL_MAIN,	/* for `command` alone */
	ORDER_EXEC,		/* exec, and descriptors: execs.h has them */
	ORDER_CHECK,		/* exec, number = enum check_kind, and descriptors: execs.h has them */
	ORDER_SIGNAL_EXEC,	/* exec, number = signal for its process group */
};

enum check_kind { CHECK_COMMAND, CHECK_TCP, CHECK_HTTP };

/* Below SCM_MAX_FD (253), and few enough not to meet RLIMIT_NOFILE. */
#define TREES_MAX 100

struct order {
	uint32_t type;
	int32_t number;
	uint32_t exec;		/* the jailer's name for a command of `exec` */
	uint8_t present[TREES_MAX];
};

/* Both return 0, or -1 with errno. */
int channel_send(int fd, const void *message, size_t size, const int *fds, int count);

/*
 * Receives one datagram of exactly `size` bytes and up to `*count` descriptors (close-on-exec);
 * sets `*count`. `sender` gets the other side's pid as seen here, where SO_PASSCRED is on.
 * Returns 1, 0 at the end, -1 with errno.
 */
int channel_receive(int fd, void *message, size_t size, int *fds, int *count, pid_t *sender,
		    int flags);

void note_subject(struct note *note, const char *subject);

#endif
