/*
 * Records are formatted into one buffer and leave it by one write(2). Everything that may go
 * wrong is met there: a full disk, a file taken away, a file that has become too large.
 *
 * The buffer holds whole records only, and only as many as the current file may still take, so
 * that no record is ever split between two files.
 */
#define _GNU_SOURCE
#include "log.h"
#include "log_files.h"
#include "stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUT_SIZE (128 * 1024)
/* One byte in front of `out`, for the newline that ends somebody else's line. */
#define OUT_OFFSET 64
#define MAP_SIZE (OUT_SIZE + 2 * LOG_LINE_MAX)
#define OUT_ROOM (OUT_SIZE - OUT_OFFSET)
/* With more than this between two flushes, output comes fast and the memory is kept. */
#define BUSY (32 * 1024)

#define HEAD_LENGTH LOG_HEAD
#define LOSS_MAX 96

/* Everything that arrives in one log_take() carries one time. */
static void stamp(struct log *l, enum log_stream s)
{
	clock_gettime(l->timestamps ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &l->now);
	if (!l->timestamps)
		return;
	if (l->now.tv_sec != l->formatted) {
		stamp_put(l->head, l->now.tv_sec);
		l->formatted = l->now.tv_sec;
	}
	stamp_put_digits(l->head + STAMP_SECONDS, (unsigned int)(l->now.tv_nsec / 1000), 6);
	memcpy(l->head + STAMP_SECONDS + 6, s == LOG_STDOUT ? "Z stdout " : "Z stderr ", 9);
}

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

static int refuse(struct log *l, int error)
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

static int open_file(struct log *l)
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
		return refuse(l, errno);
	if (!S_ISREG(st.st_mode))
		return refuse(l, EINVAL);
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
		open_file(l);
}

/* Before `n` more bytes: is it full, or its first line too old? */
static bool is_due(struct log *l, size_t n)
{
	if (l->size == 0)
		return false;
	/* The clock was set back: what it says now is all there is to go by. */
	if (l->begun > l->now.tv_sec)
		l->begun = l->now.tv_sec;
	return l->size + n > l->limit || (l->max_age > 0 && l->now.tv_sec - l->begun >= l->max_age);
}

static void rotate(struct log *l)
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
	open_file(l);
}

/* How much of the jail's output the records hold, without what was put around it or is the jailer's. */
static struct log_loss count_output(const struct log *l, const char *records, size_t n)
{
	struct log_loss loss = { 0, 0 };

	for (const char *at = records, *end = records + n; at < end;) {
		const char *last = memchr(at, '\n', (size_t)(end - at));
		const char *next = last != NULL ? last + 1 : end;
		const char *text = l->timestamps ? log_record_text(at) : at;
		bool goes_on = l->timestamps ? text > at + HEAD_LENGTH : last == NULL;

		if (!l->timestamps || !log_record_is_own(at)) {
			loss.lines += !goes_on;
			loss.bytes += (uint64_t)(next - text) - (l->timestamps && goes_on);
		}
		at = next;
	}
	return loss;
}

static void add_loss(struct log_loss *to, struct log_loss more)
{
	to->lines += more.lines;
	to->bytes += more.bytes;
}

static void drop(struct log *l, size_t from, int error)
{
	struct log_loss loss = count_output(l, l->out + from, l->used - from);

	add_loss(&l->dropped, loss);
	add_loss(&l->unsaid, loss);
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

/* The jailer's own line about a loss, with the newline at its end. */
static size_t format_loss(const struct log *l, char *to, const struct log_loss *loss, const char *end)
{
	size_t n;

	memcpy(to, l->head, HEAD_LENGTH);
	memcpy(to + LOG_STREAM, LOG_JAILER, 6);
	n = HEAD_LENGTH + log_loss_text(to + HEAD_LENGTH, LOSS_MAX, loss, end);
	to[n] = '\n';
	return n + 1;
}

/* In the place of lines that are missing; where it cannot be written they have a companion. */
static void say_dropped(struct log *l)
{
	char line[1 + HEAD_LENGTH + LOSS_MAX + 1] = "\n";
	size_t n, before = l->newline_first, written;
	struct stat st;

	if (!l->timestamps || l->unsaid.bytes == 0 || l->fd < 0)
		return;
	n = before + format_loss(l, line + 1, &l->unsaid, "lost: the log could not be written");
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
	if (l->fd >= 0 && is_due(l, l->used + (l->unsaid.bytes > 0 ? HEAD_LENGTH + LOSS_MAX : 0)))
		rotate(l);
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

static void write_out(struct log *l)
{
	if (l->used == 0)
		return;
	if (l->path != NULL)
		write_file(l);
	if (l->targets.count > 0)
		log_targets_send(&l->targets, l->out, l->used);
	l->used = 0;
}

/* Bytes that the buffer, and the file behind it, can still take. */
static size_t room(const struct log *l)
{
	uint64_t file = l->limit > l->size ? l->limit - l->size : 0;
	size_t all = file < OUT_ROOM ? (size_t)file : OUT_ROOM;

	return all > l->used ? all - l->used : 0;
}

static void make_room(struct log *l, size_t n)
{
	if (n <= room(l))
		return;
	write_out(l);
	if (l->fd >= 0 && is_due(l, n))
		rotate(l);
}

static void advance(struct log *l, size_t n)
{
	l->used += n;
	l->taken += n;
	if (l->used > l->peak)
		l->peak = l->used;
}

/* One record: what was held back of stream `s`, then `n` bytes of `text`. */
static void put_record(struct log *l, enum log_stream s, const char *text, size_t n, bool goes_on)
{
	struct log_held *held = &l->held[s];
	char *to;

	make_room(l, HEAD_LENGTH + 2 + held->n + n);
	to = l->out + l->used;
	if (l->timestamps) {
		memcpy(to, l->head, HEAD_LENGTH);
		to += HEAD_LENGTH;
		if (goes_on) {
			to[-1] = '+';
			*to++ = ' ';
		}
	} else if (l->unfinished >= 0 && l->unfinished != (int)s) {
		*to++ = '\n';
	}
	memcpy(to, held->bytes, held->n);
	memcpy(to + held->n, text, n);
	to += held->n + n;
	if (l->timestamps || !goes_on)
		*to++ = '\n';
	l->unfinished = goes_on ? (int)s : -1;
	held->n = 0;
	advance(l, (size_t)(to - l->out) - l->used);
}

/* The next line or piece of one. Returns how many bytes it took, which may be none for once. */
static size_t take_piece(struct log *l, enum log_stream s, const char *bytes, size_t n)
{
	struct log_held *held = &l->held[s];
	size_t space = LOG_LINE_MAX - held->n;
	const char *end = memchr(bytes, '\n', n <= space ? n : space + 1);

	if (end) {
		put_record(l, s, bytes, (size_t)(end - bytes), false);
		return (size_t)(end - bytes) + 1;
	}
	if (n > space) {
		put_record(l, s, bytes, space, true);
		return space;
	}
	memcpy(held->bytes + held->n, bytes, n);
	held->n += n;
	if (held->n > held->peak)
		held->peak = held->n;
	return n;
}

/* The fast way for lines that are all there and fit. Returns how many bytes it took. */
static size_t take_stamped_lines(struct log *l, const char *bytes, size_t n)
{
	const char *from = bytes, *end = bytes + n;
	char *to = l->out + l->used, *limit = to + room(l);

	while (from < end) {
		size_t left = (size_t)(end - from);
		const char *last = memchr(from, '\n', left <= LOG_LINE_MAX ? left : LOG_LINE_MAX + 1);
		size_t length = last ? (size_t)(last + 1 - from) : 0;

		if (!last || HEAD_LENGTH + length > (size_t)(limit - to))
			break;
		memcpy(to, l->head, HEAD_LENGTH);
		memcpy(to + HEAD_LENGTH, from, length);
		to += HEAD_LENGTH + length;
		from = last + 1;
	}
	advance(l, (size_t)(to - l->out) - l->used);
	return (size_t)(from - bytes);
}

static size_t take_plain_lines(struct log *l, const char *bytes, size_t n)
{
	size_t space = room(l);
	const char *last = memrchr(bytes, '\n', n < space ? n : space);
	size_t length = last ? (size_t)(last + 1 - bytes) : 0;

	memcpy(l->out + l->used, bytes, length);
	advance(l, length);
	return length;
}

static void take(struct log *l, enum log_stream s, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t took = 0;

		if (l->held[s].n == 0 && l->timestamps)
			took = take_stamped_lines(l, bytes, n);
		else if (l->held[s].n == 0 && l->unfinished < 0)
			took = take_plain_lines(l, bytes, n);
		if (took == 0)
			took = take_piece(l, s, bytes, n);
		bytes += took;
		n -= took;
	}
}

static int64_t monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The time is over in which so much was too much: that is said, where lines have a stream. */
static void end_limit(struct log *l, int64_t now)
{
	struct log_loss left_out;

	if (!log_rate_over(&l->rate, now, &left_out) || left_out.bytes == 0)
		return;
	add_loss(&l->limited, left_out);
	if (!l->timestamps)
		return;
	make_room(l, HEAD_LENGTH + LOSS_MAX + 1);
	advance(l, format_loss(l, l->out + l->used, &left_out, "left out: log.rate"));
}

static void take_limited(struct log *l, enum log_stream s, const char *bytes, size_t n)
{
	int64_t now = monotonic();

	end_limit(l, now);
	if (l->rate.end == 0)
		l->rate.end = now + l->rate.span;
	while (n > 0) {
		bool taken;
		size_t length = log_rate_judge(&l->rate, s, bytes, n, &taken);

		if (taken)
			take(l, s, bytes, length);
		else if (l->held[s].n > 0)
			put_record(l, s, "", 0, false);	/* the rest of that line is left out */
		bytes += length;
		n -= length;
	}
}

void log_take(struct log *l, enum log_stream s, const char *bytes, size_t n)
{
	stamp(l, s);
	if (l->rate.amount > 0)
		take_limited(l, s, bytes, n);
	else
		take(l, s, bytes, n);
}

void log_end(struct log *l, enum log_stream s)
{
	if (l->held[s].n == 0)
		return;
	stamp(l, s);
	put_record(l, s, "", 0, true);
}

/* Two pages stay: they hold what stdio of most programs writes at once, and faults cost time. */
static void release(struct log *l)
{
	size_t stays = 2 * (size_t)getpagesize();

	if (l->peak + OUT_OFFSET > stays) {
		madvise(l->out - OUT_OFFSET + stays, OUT_SIZE - stays, MADV_DONTNEED);
		l->peak = 0;
	}
	for (int s = 0; s < 2; s++) {
		if (l->held[s].n > 0 || l->held[s].peak == 0)
			continue;
		madvise(l->held[s].bytes, LOG_LINE_MAX, MADV_DONTNEED);
		l->held[s].peak = 0;
	}
}

/* Nobody waits for what is to be said with more output. */
static void say_limited(struct log *l, int64_t now)
{
	if (l->rate.left_out.bytes == 0 || now < l->rate.end)
		return;
	stamp(l, LOG_STDOUT);
	end_limit(l, now);
}

void log_flush(struct log *l)
{
	bool fast = l->taken > BUSY;

	if (l->rate.left_out.bytes > 0)
		say_limited(l, monotonic());
	write_out(l);
	l->taken = 0;
	if (!fast)
		release(l);
}

bool log_busy(const struct log *l)
{
	return l->peak > BUSY;
}

int log_reopen(struct log *l)
{
	write_out(l);
	return l->path != NULL ? open_file(l) : 0;
}

void log_finish(struct log *l)
{
	log_end(l, LOG_STDOUT);
	log_end(l, LOG_STDERR);
	say_limited(l, INT64_MAX);
	log_flush(l);
}

int log_timeout(const struct log *l)
{
	const int64_t ms = 1000000;
	int64_t left;

	if (l->rate.left_out.bytes == 0)
		return -1;
	left = l->rate.end - monotonic();
	return left <= 0 ? 0 : left / ms > INT_MAX - 1 ? INT_MAX : (int)(left / ms) + 1;
}

int log_replace(struct log *l, ino_t inode, const char *file)
{
	if (l->path != NULL)
		return log_put_back(l->path, l->max_files, inode, file);
	errno = ENOENT;
	return -1;
}

ino_t log_rotated(struct log *l)
{
	ino_t aside = l->aside;

	l->aside = 0;
	return aside;
}

static struct log_loss take_loss(struct log_loss *loss)
{
	struct log_loss taken = *loss;

	*loss = (struct log_loss){ 0, 0 };
	return taken;
}

struct log_loss log_limited(struct log *l)
{
	return take_loss(&l->limited);
}

int log_trouble(struct log *l)
{
	if (l->path == NULL || l->error == 0 || l->complained)
		return 0;
	l->complained = true;
	return l->error;
}

/* The file comes first, where there is one. */
static struct log_target *target_at(const struct log *l, int place)
{
	int i = place - (l->path != NULL);

	return i >= 0 && i < l->targets.count ? (struct log_target *)&l->targets.all[i] : NULL;
}

const char *log_place(const struct log *l, int place)
{
	const struct log_target *target = target_at(l, place);

	if (target != NULL)
		return log_kind_name(target->kind);
	return place == 0 && l->path != NULL ? "file" : NULL;
}

struct log_loss log_dropped(struct log *l, int place, bool at_end)
{
	struct log_target *target = target_at(l, place);
	int error = target != NULL ? target->error : l->error;

	if (error != 0 && !at_end)
		return (struct log_loss){ 0, 0 };
	return take_loss(target != NULL ? &target->lost : &l->dropped);
}

int log_open(struct log *l, const char *path, uint64_t max_size, unsigned int max_files,
	     bool timestamps)
{
	char *map;

	if (path != NULL && strlen(path) + sizeof(LOG_SUFFIX) > PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	*l = (struct log){
		.path = path, .max_size = max_size, .max_files = max_files,
		.timestamps = timestamps, .fd = -1, .unfinished = -1, .formatted = -1,
		.limit = max_size > 0 ? max_size : UINT64_MAX,
	};
	if (max_size == 0)
		l->max_size = UINT64_MAX;
	if (path != NULL && open_file(l) < 0)
		return -1;
	if (path != NULL)
		log_tidy(path, max_files);
	map = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return refuse(l, errno);
	l->out = map + OUT_OFFSET;
	l->held[LOG_STDOUT].bytes = map + OUT_SIZE;
	l->held[LOG_STDERR].bytes = map + OUT_SIZE + LOG_LINE_MAX;
	return 0;
}
