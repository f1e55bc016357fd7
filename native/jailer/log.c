/*
 * Records are formatted into one buffer and leave it by one write(2). Everything that may go
 * wrong is met there: a full disk, a file taken away, a file that has become too large.
 *
 * The buffer holds whole records only, and only as many as the current file may still take, so
 * that no record is ever split between two files.
 */
#define _GNU_SOURCE
#include "log.h"
#include "outside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>		/* renameat(2) */
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

/* "2026-11-22T03:16:56." + "123456Z " + "stdout " */
#define SECONDS_LENGTH 20
#define HEAD_LENGTH 35

static void put_digits(char *to, unsigned int value, unsigned int digits)
{
	while (digits-- > 0) {
		to[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Days since 1970 to a date, by counting eras of 400 years that begin in March. */
static void put_date(char *to, int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = shifted / 146097;
	unsigned int day = (unsigned int)(shifted - era * 146097);
	unsigned int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned int of_year = day - (365 * year + year / 4 - year / 100);
	unsigned int from_march = (5 * of_year + 2) / 153;
	unsigned int month = from_march < 10 ? from_march + 3 : from_march - 9;

	put_digits(to, year + (unsigned int)era * 400 + (month <= 2), 4);
	put_digits(to + 5, month, 2);
	put_digits(to + 8, of_year - (153 * from_march + 2) / 5 + 1, 2);
}

static void put_second(char *to, time_t second)
{
	unsigned int of_day = (unsigned int)(second % 86400);

	memcpy(to, "0000-00-00T00:00:00.", SECONDS_LENGTH);
	put_date(to, second / 86400);
	put_digits(to + 11, of_day / 3600, 2);
	put_digits(to + 14, of_day / 60 % 60, 2);
	put_digits(to + 17, of_day % 60, 2);
}

/* Everything that arrives in one log_take() carries one time. */
static void stamp(struct log *l, enum log_stream s)
{
	clock_gettime(l->timestamps ? CLOCK_REALTIME : CLOCK_REALTIME_COARSE, &l->now);
	if (!l->timestamps)
		return;
	if (l->now.tv_sec != l->formatted) {
		put_second(l->head, l->now.tv_sec);
		l->formatted = l->now.tv_sec;
	}
	put_digits(l->head + SECONDS_LENGTH, (unsigned int)(l->now.tv_nsec / 1000), 6);
	memcpy(l->head + SECONDS_LENGTH + 6, s == LOG_STDOUT ? "Z stdout " : "Z stderr ", 9);
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
}

static int refuse(struct log *l, int error)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	l->size = 0;
	l->newline_first = false;
	l->failing = true;
	errno = error;
	return -1;
}

/* Not kept open: while the jail runs nothing of the host is within its jailer's reach. */
static void let_go(int directory)
{
	int error = errno;

	if (directory >= 0)
		close(directory);
	errno = error;
}

static int open_file(struct log *l)
{
	const char *name;
	struct stat st;
	int directory;

	if (l->fd >= 0)
		close(l->fd);
	directory = outside_directory(l->path, &name);
	/* Readable, to see the last byte. Not blocking, for a FIFO put in the file's place. */
	l->fd = directory == -1 ? -1 :
				  openat(directory, name, O_RDWR | O_APPEND | O_CREAT |
					 O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
	let_go(directory);
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
	int directory = outside_directory(l->path, &name);
	int found = directory == -1 ? -1 : fstatat(directory, name, st, AT_SYMLINK_NOFOLLOW);

	let_go(directory);
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

/* PATH for 0, PATH.N for N. Lengths were checked by log_open(). */
static void put_name(char *to, const char *path, unsigned int n)
{
	char digits[16];
	size_t at = sizeof(digits);

	to = stpcpy(to, path);
	if (n == 0)
		return;
	digits[--at] = '\0';
	for (; n > 0; n /= 10)
		digits[--at] = (char)('0' + n % 10);
	*to++ = '.';
	strcpy(to, digits + at);
}

static int shift_names(const struct log *l, int directory, const char *name)
{
	char from[PATH_MAX], to[PATH_MAX];

	if (l->max_files <= 1)
		return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -1 : 0;
	for (unsigned int n = l->max_files - 1; n > 0; n--) {
		put_name(from, name, n - 1);
		put_name(to, name, n);
		if (renameat(directory, from, directory, to) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

static int shift_files(const struct log *l)
{
	const char *name;
	int directory = outside_directory(l->path, &name);
	int result = directory == -1 ? -1 : shift_names(l, directory, name);

	let_go(directory);
	return result;
}

static void rotate(struct log *l)
{
	/* Where files cannot be renamed the lines are worth more than the limit. */
	if (shift_files(l) < 0) {
		l->limit = l->size + l->max_size;
		return;
	}
	l->limit = l->max_size;
	open_file(l);
}

/* How much of the jail's output the records hold, without what was put around it. */
static uint64_t count_output(const struct log *l, const char *records, size_t n)
{
	uint64_t bytes = 0;

	if (!l->timestamps)
		return n;
	for (const char *at = records, *end = records + n; at < end;) {
		const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
		bool goes_on = at[HEAD_LENGTH - 1] == '+';

		bytes += (uint64_t)(next - at) - HEAD_LENGTH - (goes_on ? 2 : 0);
		at = next;
	}
	return bytes;
}

static void drop(struct log *l, size_t from)
{
	l->dropped += count_output(l, l->out + from, l->used - from);
	l->failing = true;
}

/* `written` bytes arrived, then the disk was full: a record that arrived in part is taken back. */
static void cut(struct log *l, size_t written)
{
	size_t before = l->newline_first;
	size_t here = written > before ? written - before : 0;
	const char *last = memrchr(l->out, '\n', here);
	size_t kept = last ? (size_t)(last + 1 - l->out) : 0;
	off_t torn = (off_t)(kept > 0 ? here - kept : written);
	struct stat st;

	if (torn > 0 && fstat(l->fd, &st) == 0 && st.st_size >= torn &&
	    ftruncate(l->fd, st.st_size - torn) < 0)
		l->failing = true;	/* look_at_end() sees the torn line, and a newline follows */
	look_at_end(l);
	l->unfinished = -1;
	drop(l, kept);
}

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

static void write_out(struct log *l)
{
	if (l->used == 0)
		return;
	check_path(l);
	if (l->fd >= 0 && l->size > 0 && l->size + l->used > l->limit)
		rotate(l);
	if (l->fd < 0) {
		drop(l, 0);
	} else {
		size_t before = l->newline_first;
		size_t n = l->used + before;

		l->out[-1] = '\n';
		size_t written = write_all(l->fd, l->out - before, n);

		if (written < n) {
			cut(l, written);
		} else {
			l->size += n;
			l->newline_first = false;
			l->failing = false;
		}
	}
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
	if (l->fd >= 0 && l->size > 0 && l->size + n > l->limit)
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

void log_take(struct log *l, enum log_stream s, const char *bytes, size_t n)
{
	stamp(l, s);
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

void log_flush(struct log *l)
{
	bool fast = l->taken > BUSY;

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
	return open_file(l);
}

uint64_t log_dropped(struct log *l)
{
	uint64_t dropped = l->failing ? 0 : l->dropped;

	l->dropped -= dropped;
	return dropped;
}

uint64_t log_lost(struct log *l)
{
	uint64_t lost = l->dropped;

	l->dropped = 0;
	return lost;
}

int log_open(struct log *l, const char *path, uint64_t max_size, unsigned int max_files,
	     bool timestamps)
{
	char *map;

	if (strlen(path) + sizeof(".4294967295") > PATH_MAX) {
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
	if (open_file(l) < 0)
		return -1;
	map = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return refuse(l, errno);
	l->out = map + OUT_OFFSET;
	l->held[LOG_STDOUT].bytes = map + OUT_SIZE;
	l->held[LOG_STDERR].bytes = map + OUT_SIZE + LOG_LINE_MAX;
	return 0;
}
