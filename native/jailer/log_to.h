/* Where lines go beside, or instead of, a file: datagram sockets of the host. What they do not take is counted. */
#ifndef JAILER_LOG_TO_H
#define JAILER_LOG_TO_H

#include "log_rate.h"

#include <sys/un.h>
#include <time.h>

/* A record's time and stream: "2026-11-22T03:16:56.123456Z stdout ". */
#define LOG_HEAD 35
/* Where the stream begins in it, six letters. */
#define LOG_STREAM 28

/* In place of a stream: what the jailer itself has to say of the log. */
#define LOG_JAILER "jailer"

enum log_kind { LOG_JOURNALD, LOG_SYSLOG };

#define LOG_TARGETS_MAX 2

struct log_target {
	enum log_kind kind;
	struct sockaddr_un address;
	int error;		/* of the last one that was not taken, 0: it was */
	struct log_loss lost, unsaid;	/* to be told to the monitor, and to the target itself */
};

struct log_targets {
	const char *name;	/* the jail's */
	int fd;
	int count;
	struct log_target all[LOG_TARGETS_MAX];
	time_t formatted;	/* the second that `local` shows */
	char local[16];		/* "Nov 22 03:16:56 ", the host's local time */
};

const char *log_kind_name(enum log_kind kind);

/* 0, or -1 with errno. To be called before the jailer gives up making sockets and reading the time zone. */
int log_targets_add(struct log_targets *t, const char *name, enum log_kind kind, const char *socket);

/* Sends whole records with heads, never waiting. */
void log_targets_send(struct log_targets *t, const char *records, size_t n);

/* Whether the record is of the jailer, and no output of the jail; `text`: where that begins, without its `+`. */
bool log_record_is_own(const char *record);
const char *log_record_text(const char *record);

/* "12 lines (345 bytes) END", into `size` bytes. Returns the length. */
size_t log_loss_text(char *to, size_t size, const struct log_loss *loss, const char *end);

#endif
