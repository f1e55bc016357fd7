/*
 * Records leave the log's buffer by one write(2). Everything that may go wrong is met here: a full disk, a file taken
 * away, a file that has become too large or too old.
 */
#include "log_write.h"
#include "log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long the file is, and whether its last line has an end: it has none after a crash. */
static void look_at_end(struct log *l)
{
	struct stat st;
	char last = '\n';

	if (fstat(l->fd, &st) < 0)
		return;
	l->size = (uint64_t)st.st_size;
	if (st.st_size > 0 && pread(l->fd, &last, 1, st.st_size - 1) != 1)
		last = '\n';
	l->newline_first = last != '\n';
	l->begun = st.st_size > 0 ? log_first_line(l->fd) : 0;
}

int log_write_refuse(struct log *l, int error)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->size = 0;
	l->newline_first = false;
	l->error = error;
	errno = error;
	return -1;
}

int log_write_open(struct log *l)
{
	const char *name;
	struct stat st;
	int directory;

	if (l->fd >= 0)
		close(l->fd);
	directory = log_directory(l->path, &name);
	/* Readable, to see the last byte. Not blocking, for a FIFO put in the file's place. */
	l->fd = directory == -1 ? -1 :
				  openat(directory, name, O_RDWR | O_APPEND | O_CREAT |
					 O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	log_leave(directory);
	if (l->fd < 0 || fstat(l->fd, &st) < 0)
		return log_write_refuse(l, errno);
	if (!S_ISREG(st.st_mode))
		return log_write_refuse(l, EINVAL);
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->unfinished = -1;
	look_at_end(l);
	return 0;
}

static bool is_current(const struct log *l, struct stat *st)
{
	const char *name;
	int directory = log_directory(l->path, &name);
	int found = directory == -1 ? -1 : fstatat(directory, name, st, AT_SYMLINK_NOFOLLOW);

	log_leave(directory);
	return found == 0 && st->st_dev == l->dev && st->st_ino == l->ino;
}

/* Once a second, when there is something to write: is the file still the one at the path? */
static void check_path(struct log *l)
{
	struct stat st;

	if (l->now.tv_sec == l->checked)
		return;
	l->checked = l->now.tv_sec;
	if (l->fd >= 0 && is_current(l, &st))
		l->size = (uint64_t)st.st_size;	/* others may truncate it */
	else
		log_write_open(l);
}

bool log_write_due(struct log *l, size_t n)
{
	if (l->size == 0)
		return false;
	/* The clock was set back: what it says now is all there is to go by. */
	if (l->begun > l->now.tv_sec)
		l->begun = l->now.tv_sec;
	return l->size + n > l->limit || (l->max_age > 0 && l->now.tv_sec - l->begun >= l->max_age);
}

void log_write_rotate(struct log *l)
{
	/* Where files cannot be renamed the lines are worth more than the limit. */
	if (log_shift(l->path, l->max_files) < 0) {
		l->limit = l->size + l->max_size;
		l->begun = l->now.tv_sec;
		return;
	}
	if (l->max_files > 1)
		l->aside = l->ino;
	l->limit = l->max_size;
	log_write_open(l);
}

/* How much of the jail's output the records hold, without what was put around it or is the jailer's. */
static struct log_loss count_output(const struct log *l, const char *records, size_t n)
{
	struct log_loss loss = { 0, 0 };

	for (const char *at = records, *end = records + n; at < end;) {
		const char *last = memchr(at, '\n', (size_t)(end - at));
		const char *next = last != NULL ? last + 1 : end;
		const char *text = l->timestamps ? log_record_text(at) : at;
		bool goes_on = l->timestamps ? text > at + LOG_HEAD : last == NULL;

		if (!l->timestamps || !log_record_is_own(at)) {
			loss.lines += !goes_on;
			loss.bytes += (uint64_t)(next - text) - (l->timestamps && goes_on);
		}
		at = next;
	}
	return loss;
}

void log_loss_add(struct log_loss *to, struct log_loss more)
{
	to->lines += more.lines;
	to->bytes += more.bytes;
}

static void drop(struct log *l, size_t from, int error)
{
	struct log_loss loss = count_output(l, l->out + from, l->used - from);

	log_loss_add(&l->dropped, loss);
	log_loss_add(&l->unsaid, loss);
	l->error = error;
}

/* `written` bytes arrived, then the disk was full: a record that arrived in part is taken back. */
static void cut(struct log *l, size_t written, int error)
{
	size_t before = l->newline_first;
	size_t here = written > before ? written - before : 0;
	const char *last = memrchr(l->out, '\n', here);
	size_t kept = last ? (size_t)(last + 1 - l->out) : 0;
	off_t torn = (off_t)(kept > 0 ? here - kept : written);
	struct stat st;

	if (torn > 0 && fstat(l->fd, &st) == 0 && st.st_size >= torn &&
	    ftruncate(l->fd, st.st_size - torn) < 0)
		l->error = errno;	/* look_at_end() sees the torn line, and a newline follows */
	look_at_end(l);
	l->unfinished = -1;
	drop(l, kept, error);
}

/* How many of `n` bytes were written; if not all, errno says why. */
static size_t write_all(int fd, const char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t now = write(fd, bytes + done, n - done);

		if (now > 0)
			done += (size_t)now;
		else if (now == 0 || errno != EINTR)
			break;
	}
	return done;
}

size_t log_format_loss(const struct log *l, char *to, const struct log_loss *loss, const char *end)
{
	size_t n;

	memcpy(to, l->head, LOG_HEAD);
	memcpy(to + LOG_STREAM, LOG_JAILER, 6);
	n = LOG_HEAD + log_loss_text(to + LOG_HEAD, LOG_LOSS_MAX, loss, end);
	to[n] = '\n';
	return n + 1;
}

/* In the place of lines that are missing; where it cannot be written they have a companion. */
static void say_dropped(struct log *l)
{
	char line[1 + LOG_HEAD + LOG_LOSS_MAX + 1] = "\n";
	size_t n, before = l->newline_first, written;
	struct stat st;

	if (!l->timestamps || l->unsaid.bytes == 0 || l->fd < 0)
		return;
	n = before + log_format_loss(l, line + 1, &l->unsaid, "lost: the log could not be written");
	written = write_all(l->fd, line + 1 - before, n);
	if (written == n) {
		l->unsaid = (struct log_loss){ 0, 0 };
		l->size += n;
		l->newline_first = false;
	} else if (written > 0 && fstat(l->fd, &st) == 0 &&
		   ftruncate(l->fd, st.st_size - (off_t)written) < 0) {
		look_at_end(l);
	}
}

static void write_file(struct log *l)
{
	size_t before, n, written;

	check_path(l);
	if (l->fd >= 0 && log_write_due(l, l->used + (l->unsaid.bytes > 0 ? LOG_HEAD + LOG_LOSS_MAX : 0)))
		log_write_rotate(l);
	if (l->fd < 0) {
		drop(l, 0, l->error);
		return;
	}
	if (l->size == 0)
		l->begun = l->now.tv_sec;
	say_dropped(l);
	before = l->newline_first;
	n = l->used + before;
	l->out[-1] = '\n';
	errno = ENOSPC;
	written = write_all(l->fd, l->out - before, n);
	if (written < n) {
		cut(l, written, errno);
		return;
	}
	l->size += n;
	l->newline_first = false;
	l->error = 0;
	l->complained = false;
}

void log_write_out(struct log *l)
{
	if (l->used == 0)
		return;
	if (l->path != NULL)
		write_file(l);
	if (l->targets.count > 0)
		log_targets_send(&l->targets, l->out, l->used);
	l->used = 0;
}
