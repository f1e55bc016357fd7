/* The log writer: what a jail prints, on its way to a rotated file. */
#ifndef JAILER_LOG_H
#define JAILER_LOG_H

#include "log_rate.h"
#include "log_to.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

/* A longer line is written in pieces of this many bytes. */
#define LOG_LINE_MAX (16 * 1024)

enum log_stream { LOG_STDOUT, LOG_STDERR };

/* The beginning of a line whose end has not been seen yet. */
struct log_held {
	char *bytes;
	size_t n;
	size_t peak;		/* what has been touched since the last release */
};

struct log {
	const char *path;	/* the caller's; must live as long as the log. NULL: no file */
	uint64_t max_size;
	unsigned int max_files;
	bool timestamps;
	time_t max_age;		/* seconds, 0: any */
	struct log_rate rate;
	struct log_targets targets;	/* with timestamps only */

	int fd;			/* -1: the path is refused or cannot be opened just now */
	dev_t dev;
	ino_t ino;
	uint64_t size;		/* of the file, without what waits in `out` */
	uint64_t limit;		/* size at which the file is rotated */
	bool newline_first;	/* the file ends in the middle of a line */
	time_t begun;		/* when the first line of the file was written */
	ino_t aside;		/* of the file put aside last, until somebody asks; 0: none */
	int error;		/* of the last write, 0: it succeeded */
	bool complained;	/* somebody has asked for it */
	struct log_loss dropped, unsaid;	/* to be told to the monitor, and in the file */
	struct log_loss limited;	/* left out for `rate`, to be told */

	char *out;		/* whole records that wait for write(2) */
	size_t used;
	size_t peak;
	size_t taken;		/* bytes put into `out` since the last log_flush() */
	struct log_held held[2];
	int unfinished;		/* plain: the stream whose long line is not complete, or -1 */

	struct timespec now;	/* of the log_take() at work */
	time_t formatted;	/* the second that `head` shows */
	time_t checked;		/* the second in which the path was last compared with the file */
	char head[40];		/* "2026-11-22T03:16:56.123456Z stdout " */
};

/*
 * Opens, or creates with mode 0640, the file at `path`, which must be a regular file and no
 * symbolic link; or none for NULL. `max_size`: bytes, 0 for no rotation; `max_files`: with the current one.
 * Returns 0, or -1 with errno. Age, rate and targets are set after it.
 */
int log_open(struct log *l, const char *path, uint64_t max_size, unsigned int max_files,
	     bool timestamps);

/* Takes `n` bytes that the jail printed. Never fails: what the disk cannot take is counted. */
void log_take(struct log *l, enum log_stream s, const char *bytes, size_t n);

/* The stream has ended: a line without an end is written out, flagged with `+`. */
void log_end(struct log *l, enum log_stream s);

/* Writes out what is complete. To be called before poll(2) sleeps; gives memory back. */
void log_flush(struct log *l);

/*
 * True when log_flush() kept its memory because output comes fast. A poll(2) with a timeout of
 * a second and one more log_flush() then makes sure that an idle jail keeps none.
 */
bool log_busy(const struct log *l);

/* How much is kept of a log. */
struct log_bounds {
	uint64_t size;		/* bytes of one file, 0: any */
	unsigned int files;	/* with the current one */
	time_t age;		/* seconds, 0: any */
	uint64_t rate;		/* per span, 0: any */
	bool rate_of_bytes;	/* or of lines */
	int64_t span;		/* ns */
};

/* Other bounds from now on, for what is there as well. */
void log_bound(struct log *l, const struct log_bounds *b);

/* Opens the path again, for those who renamed the file. Returns 0, or -1 with errno. */
int log_reopen(struct log *l);

/* All streams have ended: says what is yet to be said, and writes it out. */
void log_finish(struct log *l);

/* Milliseconds until something is to be said that nobody waits for with more output, -1: nothing. */
int log_timeout(const struct log *l);

/* A compressed copy takes the place of a file put aside; see log_put_back(). */
int log_replace(struct log *l, ino_t inode, const char *file);

/* The file put aside last since it was asked for, 0: none. */
ino_t log_rotated(struct log *l);

/* What was left out for the rate since last asked. */
struct log_loss log_limited(struct log *l);

/* The errno of a file that cannot be written, once for each time that this begins; else 0. */
int log_trouble(struct log *l);

/* Where lines go: "file", "journald", "syslog", or NULL from the number on that there is none of. */
const char *log_place(const struct log *l, int place);

/* What was dropped there since last asked: as long as writing does not work nothing, unless it is for the end. */
struct log_loss log_dropped(struct log *l, int place, bool at_end);

#endif
