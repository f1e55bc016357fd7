#include "calls.h"
#include "jailer.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define OUTPUT_MAX (64U << 10)
/* In seconds: so many ns are still a number. */
#define LOG_SPAN_MAX (365U * 86400)

static char *buffer;
static bool touched;

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

const char *log_subject(const struct plan *p)
{
	return p->log_path != NULL ? p->log_path : p->log_targets.first->source;
}

static int open_log(struct log *l, const struct plan *p)
{
	if (log_open(l, p->log_path, p->log_size, p->log_files, p->log_path == NULL || p->log_timestamps) < 0)
		return -1;
	l->max_age = (time_t)p->log_age;
	l->rate = (struct log_rate){ .amount = p->log_rate, .of_bytes = p->log_rate_bytes,
				     .span = (int64_t)p->log_rate_seconds * 1000000000 };
	for (const struct item *i = p->log_targets.first; i != NULL; i = i->next) {
		enum log_kind kind = strcmp(i->target, "syslog") == 0 ? LOG_SYSLOG : LOG_JOURNALD;

		if (log_targets_add(&l->targets, p->name, kind, i->source) < 0)
			return -1;
	}
	return 0;
}

int output_open(struct jailer *j)
{
	int ends[2];

	if (open_log(&j->log, &j->plan) < 0)
		return -1;
	j->logging = true;
	buffer = mmap(NULL, OUTPUT_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buffer == MAP_FAILED)
		return -1;
	for (int i = 0; i < 2; i++) {
		if (pipe2(ends, O_CLOEXEC) < 0)
			return -1;
		/*
		 * Only our end: what the jail's programs see is theirs to set. Its other users
		 * open /dev/stdout by name as well, but not to read what others have printed.
		 */
		if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 || fchmod(ends[1], 0222) < 0) {
			close_pair(ends);
			return -1;
		}
		j->outputs[i] = ends[0];
		j->inputs[i] = ends[1];
	}
	return 0;
}

/* The host's id that is 0 in a map such as "0 100000 65536". */
static unsigned int first_id(const char *map)
{
	char *outside;

	strtoul(map, &outside, 10);
	return (unsigned int)strtoul(outside, NULL, 10);
}

int output_give(struct jailer *j)
{
	unsigned int uid = first_id(j->plan.uid_map), gid = first_id(j->plan.gid_map);

	for (int i = 0; i < 2; i++)
		if (j->inputs[i] >= 0 && fchown(j->inputs[i], uid, gid) < 0)
			return -1;
	return 0;
}

ssize_t output_take(struct jailer *j, int stream)
{
	ssize_t n = read(j->outputs[stream], buffer, OUTPUT_MAX);

	if (n > 0) {
		touched = true;
		log_take(&j->log, stream == 0 ? LOG_STDOUT : LOG_STDERR, buffer, (size_t)n);
	}
	return n;
}

void output_rest(void)
{
	if (touched)
		madvise(buffer, OUTPUT_MAX, MADV_DONTNEED);
	touched = false;
}

void output_drain(struct jailer *j)
{
	/* As much as a pipe can hold: a copy of its end that got out must not keep us here. */
	const int most = (1 << 20) / 4096;

	if (!j->logging)
		return;
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < most && output_take(j, i) > 0; n++)
			;
	}
	log_finish(&j->log);
}

static void tell_rotated(struct jailer *j)
{
	ino_t inode = log_rotated(&j->log);
	struct frame f;

	if (inode == 0)
		return;
	frame_begin(&f, "log.rotated");
	frame_add_number(&f, (int64_t)inode);
	event_send(j, &f);
}

static void tell_loss(struct jailer *j, const char *type, struct log_loss loss, const char *where)
{
	struct frame f;

	if (loss.bytes == 0)
		return;
	frame_begin(&f, type);
	frame_add_number(&f, (int64_t)loss.lines);
	frame_add_number(&f, (int64_t)loss.bytes);
	if (where != NULL)
		frame_add(&f, where);
	event_send(j, &f);
}

void output_tell(struct jailer *j, bool at_end)
{
	struct log *l = &j->log;
	const char *where;
	int error;

	/* Counts are kept for the one who comes next. */
	if (!j->logging || connection_find(j, ROLE_MONITOR) == NULL)
		return;
	tell_rotated(j);
	error = log_trouble(l);
	if (error != 0)
		event_fault(j, "warning", STEP_LOG, j->plan.log_path, error);
	tell_loss(j, "log.limited", log_limited(l), NULL);
	for (int place = 0; (where = log_place(l, place)) != NULL; place++)
		tell_loss(j, "log.dropped", log_dropped(l, place, at_end), where);
}

bool output_replace(struct jailer *j, const char *inode, const char *file)
{
	uint64_t number;

	if (!text_to_number(inode, 10, INT64_MAX, &number))
		return false;
	if (j->logging && log_replace(&j->log, (ino_t)number, file) < 0 && errno != ENOENT)
		event_fault(j, "warning", STEP_LOG, log_subject(&j->plan), errno);
	return true;
}

static bool read_bounds(struct fields *f, struct log_bounds *b)
{
	uint64_t files, age, seconds;
	const char *size = fields_next(f), *count = fields_next(f), *old = fields_next(f);
	const char *rate = fields_next(f), *unit = fields_next(f), *span = fields_next(f);

	if (span == NULL || !text_to_number(size, 10, INT64_MAX, &b->size) ||
	    !text_to_number(count, 10, UINT32_MAX, &files) || !text_to_number(old, 10, INT64_MAX, &age) ||
	    !text_to_number(rate, 10, INT64_MAX, &b->rate) ||
	    !text_to_number(span, 10, LOG_SPAN_MAX, &seconds))
		return false;
	b->files = (unsigned int)files;
	b->age = (time_t)age;
	b->rate_of_bytes = strcmp(unit, "bytes") == 0;
	b->span = (int64_t)seconds * 1000000000;
	return files > 0 && seconds > 0 && (b->rate_of_bytes || strcmp(unit, "lines") == 0);
}

bool output_reopen(struct jailer *j, struct fields *f)
{
	struct log_bounds bounds;
	bool bounded = f->at < f->end;

	if (bounded && !read_bounds(f, &bounds))
		return false;
	if (!j->logging)
		return true;
	if (bounded)
		log_bound(&j->log, &bounds);
	if (log_reopen(&j->log) < 0)
		event_fault(j, "warning", STEP_LOG, log_subject(&j->plan), errno);
	return true;
}
