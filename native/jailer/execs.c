#include "execs.h"
#include "calls.h"
#include "enter.h"
#include "init.h"
#include "minder.h"
#include "probe.h"
#include "request.h"
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

/* In the command's process before it executes. */
_Noreturn static void fail(int report, enum step step)
{
	struct report r = { .step = step, .error = errno };

	channel_send(report, &r, sizeof(r), NULL, 0);
	_exit(1);
}

static void open_terminal(int report)
{
	struct report none = { .step = STEP_TERMINAL, .error = 0 };
	int master, slave;

	if (terminal_open(&master, &slave) < 0)
		fail(report, STEP_TERMINAL);
	channel_send(report, &none, sizeof(none), &master, 1);
	for (int i = 0; i < 3; i++)
		dup2(slave, i);
}

/* `given`: the client's three streams; or stdout and stderr of the log; or one for both; or none. */
static void settle_streams(const int *given, int count, int report)
{
	int null;

	if (count == 3) {
		for (int i = 0; i < 3; i++)
			dup2(given[i], i);
		return;
	}
	null = open_null();
	if (null < 0)
		fail(report, STEP_STDIO);
	dup2(null, STDIN_FILENO);
	for (int i = 0; i < 2; i++)
		dup2(count == 0 ? null : given[count == 2 ? i : 0], i + 1);
}

_Noreturn static void run(const struct plan *p, const struct request *r, int report)
{
	char *env[p->env_count + r->env_count + ENV_LOGIN + 1];
	struct entry entry = {
		.plan = p, .user = r->user[0] != '\0' ? r->user : p->user,
		.workdir = r->workdir[0] != '\0' ? r->workdir : r->login ? NULL : plan_workdir(p, false),
		.login = r->login, .terminal = r->terminal, .argv = r->argv, .env = env,
		.env_count = p->env_count, .report = report,
	};

	memcpy(env, p->env, sizeof(char *) * (p->env_count + 1));
	for (size_t i = 0; i < r->env_count; i++)
		if (strchr(r->env[i], '=') != NULL)
			env_put(env, &entry.env_count, r->env[i]);
	enter(&entry);
}

_Noreturn static void begin(const struct plan *plan, const int *fds, int count)
{
	const int report = fds[1];
	struct request request;
	struct fields fields;

	if (request_unpack(fds[0], &fields) < 0 || !request_parse(&request, &fields))
		fail(report, STEP_EXEC_SPAWN);
	if (request.terminal)
		open_terminal(report);
	else
		settle_streams(fds + 2, count - 2, report);
	run(plan, &request, report);
}

/* What a check does without any program of the jail, as the jail's user all the same. */
_Noreturn static void run_probe(const struct plan *p, struct probe *probe, int report)
{
	char *env[ENV_LOGIN + 1] = { NULL };
	struct entry entry = { .plan = p, .user = p->user, .workdir = "/", .env = env, .report = report,
			       .instead = probe_run, .about = probe };

	enter(&entry);
}

_Noreturn static void begin_check(const struct plan *plan, enum check_kind kind, const int *fds, int count)
{
	struct probe probe;
	struct fields fields;

	mind(fds[1]);
	if (kind == CHECK_COMMAND)
		begin(plan, fds, count);
	if (request_unpack(fds[0], &fields) < 0 || !probe_parse(&probe, &fields, kind))
		fail(fds[1], STEP_EXEC_SPAWN);
	settle_streams(fds + 2, count - 2, fds[1]);
	run_probe(plan, &probe, fds[1]);
}

static void tell(uint32_t id, struct ending e)
{
	struct note note = { .type = NOTE_EXEC, .index = id, .how = e.how, .number = e.number };

	channel_send(INIT_CHANNEL, &note, sizeof(note), NULL, 0);
}

void exec_start(struct execs *x, const struct plan *plan, const struct order *order, const int *fds,
		int count)
{
	const bool check = order->type == ORDER_CHECK;
	int place = 0;
	pid_t pid = -1;

	while (place < EXEC_MAX && x->at[place].pid != 0)
		place++;
	/* Where the jail's own limit is lower than what an order brings, it does not arrive whole. */
	errno = place < EXEC_MAX ? EMFILE : EAGAIN;
	if (count >= (check ? 3 : 2) && place < EXEC_MAX)
		pid = check ? minder_fork() : fork();
	if (pid == 0 && check)
		begin_check(plan, (enum check_kind)order->number, fds, count);
	if (pid == 0)
		begin(plan, fds, count);
	if (pid < 0) {
		tell(order->exec, (struct ending){ HOW_ERROR, errno });
	} else {
		x->at[place].pid = pid;
		x->at[place].id = order->exec;
	}
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

bool exec_reaped(struct execs *x, pid_t pid, struct ending e)
{
	for (int i = 0; i < EXEC_MAX; i++) {
		if (x->at[i].pid != pid)
			continue;
		x->at[i].pid = 0;
		tell(x->at[i].id, e);
		return true;
	}
	return false;
}

void exec_signal(const struct execs *x, uint32_t id, int sig)
{
	for (int i = 0; i < EXEC_MAX; i++) {
		pid_t pid = x->at[i].pid;

		/* Before setsid(2) there is no group of that number yet. */
		if (pid != 0 && x->at[i].id == id && kill(-pid, sig) < 0)
			kill(pid, sig);
	}
}
