#include "streams.h"
#include "build.h"
#include "calls.h"
#include "enter.h"
#include "init.h"
#include "terminal.h"

/* Descriptors 0 to 3 as init.h has them; all others go. */
void streams_arrange(int channel, const int outputs[2])
{
	int high[3] = { fcntl(channel, F_DUPFD_CLOEXEC, 10), -1, -1 };

	for (int i = 0; i < 2; i++)
		if (outputs[i] >= 0)
			high[i + 1] = fcntl(outputs[i], F_DUPFD_CLOEXEC, 10);
	dup3(high[0], INIT_CHANNEL, O_CLOEXEC);
	for (int i = 1; i <= 2; i++)
		if (high[i] >= 0)
			dup2(high[i], i);
	sys_close_range(INIT_CHANNEL + 1, 0);
}

/* Replaces the host's /dev/null by the jail's. */
void streams_settle(const struct plan *plan)
{
	int null = open_null();

	if (null < 0)
		build_fail(INIT_CHANNEL, STEP_STDIO, "/dev/null");
	dup2(null, STDIN_FILENO);
	if (!plan_logs(plan)) {
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
	}
	close(null);
}

/* The standard streams of a foreground jail: the client's, or a terminal's. */
void streams_attach(const struct plan *plan, const int *fds, int count)
{
	struct note note = { .type = NOTE_PTY };
	int master, slave;

	if (plan->terminal) {
		if (terminal_open(&master, &slave) < 0)
			build_fail(INIT_CHANNEL, STEP_TERMINAL, "/dev/ptmx");
		channel_send(INIT_CHANNEL, &note, sizeof(note), &master, 1);
		close(master);
		for (int i = 0; i < 3; i++)
			dup2(slave, i);
		close(slave);
	} else if (count == 3) {
		for (int i = 0; i < 3; i++)
			dup2(fds[i], i);
	}
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

/* Everyone has his copies: the client's streams end with the last of the jail's programs. */
void streams_let_go(const struct plan *plan)
{
	int null = plan->foreground ? open_null() : -1;

	if (null < 0)
		return;
	for (int i = 0; i < 3; i++)
		dup2(null, i);
	close(null);
}
