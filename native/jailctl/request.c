#include "client.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 5
#define FACTS 7

/* What jaild has to know besides the words, in the order of PROTOCOL.md. */
struct facts {
	char cwd[PATH_MAX];
	char columns[8];
	char terminals[4];
	const char *fields[FACTS];
};

static const char *environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

static void read_facts(struct facts *f, const char *name)
{
	struct winsize window = { 0 };
	size_t n = 0;

	/* A working directory that was removed has no name; commands that need one will say so. */
	if (!getcwd(f->cwd, sizeof(f->cwd)) || f->cwd[0] != '/')
		f->cwd[0] = '\0';
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) < 0)
		window.ws_col = 0;
	snprintf(f->columns, sizeof(f->columns), "%u", window.ws_col);
	for (int fd = 0; fd <= 2; fd++)
		if (isatty(fd))
			f->terminals[n++] = (char)('0' + fd);
	f->terminals[n] = '\0';
	memcpy(f->fields, (const char *[FACTS]){ "1", name, f->cwd, f->columns, f->terminals,
	       *environment("NO_COLOR") ? "1" : "", environment("TERM") }, sizeof(f->fields));
}

static size_t size_of(const struct facts *f, char **words)
{
	size_t n = 0;

	for (int i = 0; i < FACTS; i++)
		n += strlen(f->fields[i]) + 1;
	for (; *words; words++)
		n += strlen(*words) + 1;
	return n;
}

void send_request(int fd, const struct call *call)
{
	struct facts facts;
	size_t n, sent = 0;
	char *frame, *to;

	read_facts(&facts, call->name);
	n = size_of(&facts, call->words);
	frame = malloc(HEADER + n);
	if (!frame)
		exit(CODE_FAILED);
	frame[0] = 'A';
	put_u32(frame + 1, (uint32_t)n);
	to = frame + HEADER;
	for (int i = 0; i < FACTS; i++)
		to = stpcpy(to, facts.fields[i]) + 1;
	for (char **word = call->words; *word; word++)
		to = stpcpy(to, *word) + 1;
	while (sent < HEADER + n) {
		ssize_t now = send(fd, frame + sent, HEADER + n - sent, MSG_NOSIGNAL);

		if (now >= 0)
			sent += (size_t)now;
		else if (errno != EINTR)
			break;
	}
	free(frame);
}
