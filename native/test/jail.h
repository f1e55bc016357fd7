/* Plays jaild towards one jailer: writes its plan, starts it, listens to it. */
#ifndef TEST_JAIL_H
#define TEST_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FIELDS_MAX 12

/* A message from the jailer, cut into its fields. */
struct event {
	char bytes[8192];
	const char *fields[FIELDS_MAX];
	int count;
	int right;		/* a descriptor that came along, or -1 */
};

struct jail {
	char dir[64];		/* everything of this jail is below it */
	char root[96];
	char log[96];
	char plan[65536];
	size_t plan_size;
	pid_t jailer;
	pid_t init;
	int monitor;
};

/* Adds fields to the plan; the last argument is NULL. */
void plan_add(struct jail *jail, ...);

/* A directory with a root of busybox in it, and an empty plan. */
void jail_prepare(struct jail *jail);

/* Not every kernel is built with them. */
bool has_time_namespaces(void);

/* version, name, launch, rundir, log, namespaces, maps, root, /proc, /dev, env, caps. */
void plan_usual(struct jail *jail);

/* Starts the jailer and connects; sends `monitor`, and `go` where `go` is set. */
void jail_start(struct jail *jail, bool go);

/* Starts the jailer with what is planned and `script` as the jail's command, and waits until that runs. */
void jail_run(struct jail *jail, const char *script);

/* Kills the jail and takes everything away. */
void jail_kill(struct jail *jail);

/* The loopback of its own network comes up. */
void jail_loopback(const struct jail *jail);

/* The next event; false when the jailer has gone. Fails the test after 20 s. */
bool jail_event(int fd, struct event *e);

/* "start 0 exit 0": the fields with blanks between them. */
const char *event_text(const struct event *e, char *buffer, size_t size);

/* The next event is this one, as text. */
void expect_event(int fd, const char *expected);

/* The next event of `type` is this one. */
void jail_expect(struct jail *jail, const char *type, const char *expected);

/* The end is this one, and the last that is heard; takes everything away. */
void jail_expect_end(struct jail *jail, const char *exited);

/* Reads events up to one of `type`; false when the jailer goes before. */
bool jail_await(struct jail *jail, const char *type, struct event *e);

/* Connects as a client; sends the fields (last NULL) with `fds` when there are any. */
int jail_client(struct jail *jail, const int *fds, ...);
void jail_say(int fd, ...);

/* Builds the jail, runs `script` in it, which must exit 0, and returns what it printed. */
const char *jail_output(struct jail *jail, const char *script);

/* Waits for the jailer's end, and takes everything away. Returns the jailer's wait status. */
int jail_end(struct jail *jail);

/* Ended, and at most waiting to be reaped. */
bool is_gone(pid_t pid);

/* A whole file as a string that the next call overwrites; "" when there is none. */
const char *file_text(const char *dir, const char *name);

#endif
