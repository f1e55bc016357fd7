/*
 * Records are formatted into one buffer, which log_write.c empties. It holds whole records only,
 * and only as many as the current file may still take, so that no record is ever split between two files.
 */
#include "log.h"
#include "log_files.h"
#include "log_write.h"
#include "stamp.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OUT_SIZE (128 * 1024)
/* One byte in front of `out`, for the newline that ends somebody else's line. */
#define OUT_OFFSET 64
#define MAP_SIZE (OUT_SIZE + 2 * LOG_LINE_MAX)
#define OUT_ROOM (OUT_SIZE - OUT_OFFSET)
/* With more than this between two flushes, output comes fast and the memory is kept. */
#define BUSY (32 * 1024)

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
	log_write_out(l);
	if (l->fd >= 0 && log_write_due(l, n))
		log_write_rotate(l);
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

	make_room(l, LOG_HEAD + 2 + held->n + n);
	to = l->out + l->used;
	if (l->timestamps) {
		memcpy(to, l->head, LOG_HEAD);
		to += LOG_HEAD;
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

		if (!last || LOG_HEAD + length > (size_t)(limit - to))
			break;
		memcpy(to, l->head, LOG_HEAD);
		memcpy(to + LOG_HEAD, from, length);
		to += LOG_HEAD + length;
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
	log_loss_add(&l->limited, left_out);
	if (!l->timestamps)
		return;
	make_room(l, LOG_HEAD + LOG_LOSS_MAX + 1);
	advance(l, log_format_loss(l, l->out + l->used, &left_out, "left out: log.rate"));
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
	log_write_out(l);
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
	log_write_out(l);
	return l->path != NULL ? log_write_open(l) : 0;
}

/* A line that is left out is so to its end. */
static void bound_rate(struct log_rate *r, const struct log_bounds *b)
{
	struct log_rate next = { .amount = b->rate, .of_bytes = b->rate_of_bytes, .span = b->span };

	if (b->rate > 0)
		memcpy(next.lines, r->lines, sizeof(next.lines));
	*r = next;
}

void log_bound(struct log *l, const struct log_bounds *b)
{
	say_limited(l, INT64_MAX);
	bound_rate(&l->rate, b);
	log_write_out(l);
	l->max_age = b->age;
	l->max_size = b->size > 0 ? b->size : UINT64_MAX;
	l->limit = l->max_size;
	if (l->path != NULL && b->files < l->max_files)
		log_tidy(l->path, b->files);
	l->max_files = b->files;
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
	if (path != NULL && log_write_open(l) < 0)
		return -1;
	if (path != NULL)
		log_tidy(path, max_files);
	map = mmap(NULL, MAP_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return log_write_refuse(l, errno);
	l->out = map + OUT_OFFSET;
	l->held[LOG_STDOUT].bytes = map + OUT_SIZE;
	l->held[LOG_STDERR].bytes = map + OUT_SIZE + LOG_LINE_MAX;
	return 0;
}
