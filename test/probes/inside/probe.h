/*
 * A probe is one harmless attempt at what root in a jail must not be able to do. It runs as a child of its own,
 * passes by returning, and fails by saying so with what it saw.
 */
#ifndef PROBE_H
#define PROBE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum weight { LOW = 1, MEDIUM = 2, HIGH = 4, CRITICAL = 8 };

struct probe {
	const char *name, *class;
	enum weight weight;
	void (*run)(const struct probe *probe);
	const char *text;
	long numbers[7];
};

/* Every entry stands in one section of the program, so that no list has to repeat them. */
#define ENTER(id, ...)                                                                           \
	static const struct probe entry_##id = { __VA_ARGS__ };                                  \
	static const struct probe *const at_##id __attribute__((used, section("probes"))) =      \
		&entry_##id;

#define PROBE(class_, weight_, id)                                                               \
	static void run_##id(const struct probe *probe);                                         \
	ENTER(id, .name = #id, .class = class_, .weight = weight_, .run = run_##id)              \
	static void run_##id(const struct probe *probe __attribute__((unused)))

/* Ends the probe as failed; the words are what was seen. */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Fails unless the answer is an error. */
void expect_refused(const char *what, long answer);

/* What the runner knows of the host under this key (etc/host of the root); ends the probe when it is absent. */
const char *host(const char *key);

/* A file's first bytes as text, "" when it can't be read. */
size_t slurp(const char *path, char *text, size_t size);

/* The value behind "KEY:" in /proc/self/status, without the blanks around it. */
const char *status_field(const char *key);

/* On the host: has the sockets, the shared memory and the queue that probes look for, until it is ended. */
int be_host(const char *name, int key);

/* In a jail: for so long, prints what processes that come in can be seen to have of the host's. */
int watch(int ms);

#endif
