#include "calls.h"
#include "jailer.h"
#include "text.h"

#include <stdio.h>	/* renameat */
#include <time.h>

static void put_line(struct text *t, const char *key, const char *value)
{
	text_put(t, key);
	text_put(t, "=");
	/* A line break in a subject must not make a second line of it. */
	for (; *value != '\0'; value++) {
		char c[2] = { *value == '\n' ? '?' : *value, '\0' };

		text_put(t, c);
	}
	text_put(t, "\n");
}

static void put_record(struct text *t, const struct jailer *j)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	put_line(t, "launch", j->plan.launch != NULL ? j->plan.launch : "");
	put_line(t, "how", how_name(j->result.how));
	text_put(t, "code=");
	text_put_number(t, j->result.number);
	text_put(t, "\n");
	if (j->failed) {
		put_line(t, "step", step_name(j->result.step));
		put_line(t, "subject", j->result.subject);
	}
	put_line(t, "phase", phase_name(j->last_phase));
	text_put(t, "at=");
	text_put_number(t, now.tv_sec);
	text_put(t, ".");
	text_put_padded(t, now.tv_nsec / 1000, 6);
	text_put(t, "\n");
}

int record_write(const struct jailer *j)
{
	const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
	char bytes[1024];
	struct text t;
	ssize_t n;
	int dir, fd;

	if (j->plan.rundir == NULL)
		return 0;
	text_begin(&t, bytes, sizeof(bytes));
	put_record(&t, j);
	dir = open(j->plan.rundir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = dir < 0 ? -1 : openat(dir, "exit.new", flags, 0600);
	n = fd < 0 ? -1 : write(fd, bytes, t.used);
	if (fd >= 0)
		close(fd);
	if (n == (ssize_t)t.used)
		n = renameat(dir, "exit.new", dir, "exit");
	else
		n = -1;
	if (dir >= 0)
		close(dir);
	return (int)n;
}
