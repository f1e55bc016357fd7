#include "join.h"
#include "calls.h"
#include "cgroups.h"
#include "enter.h"
#include "label.h"
#include "terminal.h"
#include "text.h"
#include "title.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>

/* Arguments, or variables: the second list is copied to the stack. */
#define STRINGS_MAX 4096

/* Where things are in the helper. */
enum { REPORT = 3, JAIL = 4, FIRST_FREE = 5 };

static bool read_yes_no(struct fields *f, bool *value)
{
	const char *s = fields_next(f);

	if (s == NULL)
		return false;
	*value = strcmp(s, "yes") == 0;
	return *value || strcmp(s, "no") == 0;
}

/* A count, and as many strings. `list` has room for them and a NULL. */
static bool read_list(struct fields *f, size_t max, char **list, size_t *count)
{
	const char *s = fields_next(f);
	uint64_t n;

	if (s == NULL || !text_to_number(s, 10, max, &n))
		return false;
	*count = (size_t)n;
	for (size_t i = 0; i < n; i++)
		if ((list[i] = fields_next(f)) == NULL)
			return false;
	list[n] = NULL;
	return true;
}

bool request_parse(struct request *r, struct fields *f)
{
	const size_t most = STRINGS_MAX;

	*r = (struct request){ .size = 2 * (most + 1) * sizeof(char *) };
	r->argv = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->argv == MAP_FAILED)
		return false;
	r->env = r->argv + most + 1;
	if ((r->user = fields_next(f)) != NULL && (r->workdir = fields_next(f)) != NULL &&
	    read_yes_no(f, &r->terminal) && read_yes_no(f, &r->login) &&
	    read_list(f, most, r->argv, &r->argc) && r->argc > 0 && r->argv[0][0] != '\0' &&
	    read_list(f, most, r->env, &r->env_count) && f->at == f->end)
		return true;
	request_free(r);
	return false;
}

void request_free(struct request *r)
{
	munmap(r->argv, r->size);
}

_Noreturn static void fail(enum step step)
{
	struct report r = { .step = step, .error = errno };

	channel_send(REPORT, &r, sizeof(r), NULL, 0);
	_exit(1);
}

static void arrange_descriptors(const struct jailer *j, const int *stdio, int report)
{
	int from[] = { stdio != NULL ? stdio[0] : -1,
		       stdio != NULL ? stdio[1] : j->inputs[0],
		       stdio != NULL ? stdio[2] : j->inputs[1], report, j->pidfd };
	int high[FIRST_FREE];

	for (int i = 0; i < FIRST_FREE; i++)
		high[i] = from[i] >= 0 ? fcntl(from[i], F_DUPFD_CLOEXEC, 16) : -1;
	for (int i = 0; i < FIRST_FREE; i++)
		if (high[i] >= 0)
			dup3(high[i], i, i >= REPORT ? O_CLOEXEC : 0);
	sys_close_range(FIRST_FREE, 0);
}

/* The standard streams that only the jail can give. */
static void settle_stdio(const struct jailer *j, const struct request *r, bool client)
{
	struct report none = { .step = STEP_TERMINAL, .error = 0 };
	int fd, slave;

	if (r->terminal) {
		if (terminal_open(&fd, &slave) < 0)
			fail(STEP_TERMINAL);
		channel_send(REPORT, &none, sizeof(none), &fd, 1);
		for (int i = 0; i < 3; i++)
			dup2(slave, i);
		return;		/* enter() closes the rest */
	}
	if (client)
		return;
	fd = open_null();
	if (fd < 0)
		fail(STEP_STDIO);
	dup2(fd, STDIN_FILENO);
	if (j->inputs[0] < 0) {
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
}

/* As those that init starts have it from init. */
static void have_calls_answered(const struct plan *p)
{
	struct report none = { .step = STEP_ANSWERS, .error = 0 };
	int fd;

	if (!answers_wanted(p))
		return;
	fd = answers_load(p);
	if (fd < 0)
		fail(STEP_ANSWERS);
	channel_send(REPORT, &none, sizeof(none), &fd, 1);
	close(fd);
}

/* In the pid namespace now, and a child of the jailer. */
_Noreturn static void run(struct jailer *j, const struct request *r, bool client)
{
	const struct plan *p = &j->plan;
	char *env[p->env_count + r->env_count + ENV_LOGIN + 1];
	struct entry entry = {
		.plan = p, .user = r->user[0] != '\0' ? r->user : p->user,
		.workdir = r->workdir[0] != '\0' ? r->workdir : r->login ? NULL : plan_workdir(p, false),
		.login = r->login, .terminal = r->terminal, .argv = r->argv, .env = env,
		.env_count = p->env_count, .report = REPORT,
	};

	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		fail(STEP_BECOME);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(0);
	memcpy(env, p->env, sizeof(char *) * (p->env_count + 1));
	for (size_t i = 0; i < r->env_count; i++)
		if (strchr(r->env[i], '=') != NULL)
			env_put(env, &entry.env_count, r->env[i]);
	settle_stdio(j, r, client);
	have_calls_answered(p);
	enter(&entry);
}

_Noreturn void join(struct jailer *j, const struct request *r, bool joined, const int *stdio,
		    int report, pid_t *spawned)
{
	/* The kernel keeps the exit signal of the helper for a sibling of it. */
	struct spawn_args args = { .flags = CLONE_PARENT | CLONE_PARENT_SETTID,
				   .parent_tid = (uint64_t)(uintptr_t)spawned };
	const char *refused;
	int pid;

	title_set("exec");
	arrange_descriptors(j, stdio, report);
	rlimits_apply(NULL, &j->plan, 0);
	oom_score_reset("self");
	if (cgroups_join(&j->plan, joined) != NULL)
		fail(STEP_EXEC_CGROUP);
	if (label_commands(&j->plan, &refused) < 0)
		fail(STEP_LABEL);
	/* The time namespace is the jailer's for children already. */
	if (setns(JAIL, (int)(j->plan.namespaces & ~(uint64_t)CLONE_NEWTIME)) < 0)
		fail(STEP_EXEC_JOIN);
	close(JAIL);
	pid = sys_clone3(&args);
	if (pid < 0)
		fail(STEP_EXEC_SPAWN);
	if (pid == 0)
		run(j, r, stdio != NULL);
	_exit(0);
}
