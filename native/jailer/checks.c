#include "calls.h"
#include "jailer.h"
#include "probe.h"
#include "request.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* Reads at its end: what a pipe can hold, for a copy of it that got out must not keep us here. */
#define LAST_READS 16

int check_open(struct session *s)
{
	int ends[2], error;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	s->output = ends[0];
	s->text = mmap(NULL, OUTPUT_CUT + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->text == MAP_FAILED)
		s->text = NULL;
	/* As with the log: anybody in the jail may open it by name, to write. */
	if (s->text != NULL && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 && fchmod(ends[1], 0222) == 0)
		return ends[1];
	error = errno;
	close(ends[1]);
	close(ends[0]);
	s->output = -1;
	errno = error;
	return -1;
}

static bool note_command(struct session *s, struct fields *f)
{
	struct request r;

	if (!request_parse(&r, f))
		return false;
	text_join(s->user, sizeof(s->user), r.user[0] != '\0' ? r.user : s->user, "", "");
	text_join(s->workdir, sizeof(s->workdir), r.workdir, "", "");
	s->subject[0] = '\0';
	strncat(s->subject, r.argv[0], sizeof(s->subject) - 1);
	request_free(&r);
	return !r.terminal;
}

bool check_note(struct session *s, struct fields *f, const struct plan *p)
{
	struct probe probe;

	text_join(s->user, sizeof(s->user), p->user != NULL ? p->user : "", "", "");
	if (s->kind == CHECK_COMMAND)
		return note_command(s, f);
	if (!probe_parse(&probe, f, s->kind))
		return false;
	s->subject[0] = '\0';
	strncat(s->subject, probe.host, sizeof(s->subject) - 1);
	return true;
}

bool check_take(struct session *s)
{
	char bytes[4096];
	ssize_t n = read(s->output, bytes, sizeof(bytes));
	size_t room = OUTPUT_CUT - s->text_size;

	/* At the end: it would be ready to be read for ever. */
	if (n == 0) {
		close(s->output);
		s->output = -1;
	}
	if (n <= 0)
		return false;
	/* What is over is read as well: a check shall end, not wait for somebody to read it. */
	if ((size_t)n < room)
		room = (size_t)n;
	memcpy(s->text + s->text_size, bytes, room);
	s->text_size += room;
	return true;
}

/* The last whole line: the one that tells how far it came. */
static const char *last_line(char *text, size_t size)
{
	char *end = memrchr(text, '\n', size), *before;

	if (end == NULL)
		return "";
	*end = '\0';
	before = memrchr(text, '\n', (size_t)(end - text));
	return before != NULL ? before + 1 : text;
}

static const char *failure_of(const struct session *s, char *words, size_t size)
{
	struct text t;

	text_begin(&t, words, size);
	text_put(&t, step_name(s->step));
	text_put(&t, " ");
	text_put(&t, s->subject);
	text_put(&t, ": ");
	text_put(&t, strerror(s->ending.number));
	return words;
}

static const char *output_of(struct session *s)
{
	if (s->text == NULL)
		return "";
	if (s->kind != CHECK_COMMAND)
		return last_line(s->text, s->text_size);
	for (size_t i = 0; i < s->text_size; i++)
		if (s->text[i] == '\0')
			s->text[i] = '?';
	s->text[s->text_size] = '\0';
	return s->text;
}

static void close_all(struct session *s)
{
	if (s->text != NULL)
		munmap(s->text, OUTPUT_CUT + 1);
	if (s->output >= 0)
		close(s->output);
	s->text = NULL;
	s->output = -1;
}

void check_answer(struct jailer *j, struct session *s)
{
	const bool expired = s->timed_out && !s->failed;
	char words[400];
	struct frame f;

	for (int i = 0; i < LAST_READS && s->output >= 0 && check_take(s); i++)
		;
	if (s->id[0] != '\0') {
		frame_begin(&f, "check.exit");
		frame_add(&f, s->id);
		frame_add(&f, how_name(s->failed ? HOW_ERROR : expired ? HOW_TIMEOUT : s->ending.how));
		frame_add_number(&f, expired ? (int)s->timeout : s->ending.number);
		frame_add(&f, s->failed ? failure_of(s, words, sizeof(words)) : output_of(s));
		event_send(j, &f);
	}
	close_all(s);
}
