#include "calls.h"
#include "jailer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define OUTPUT_MAX (64U << 10)

static char *buffer;
static bool touched;

static void close_pair(const int ends[2])
{
	close(ends[0]);
	close(ends[1]);
}

int output_open(struct jailer *j)
{
	const struct plan *p = &j->plan;
	int ends[2];

	if (log_open(&j->log, p->log_path, p->log_size, p->log_files, p->log_timestamps) < 0)
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
		log_end(&j->log, i == 0 ? LOG_STDOUT : LOG_STDERR);
	}
	log_flush(&j->log);
}
