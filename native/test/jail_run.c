#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SCRIPT(phase, timeout, script) "run", phase, timeout, "3", "/bin/sh", "-c", script

static void usual(struct jail *jail)
{
	jail_prepare(jail);
	plan_usual(jail);
}

static void await(struct jail *jail, const char *type)
{
	struct event e;

	check(jail_await(jail, type, &e));
}

static void tells_every_step(void)
{
	struct jail jail;
	struct event e;

	usual(&jail);
	plan_add(&jail, SCRIPT("start", "5", "echo one"), NULL);
	plan_add(&jail, SCRIPT("start-background", "0", "echo two; exit 1"), NULL);
	plan_add(&jail, SCRIPT("start", "0", "sleep 0.1"), NULL);
	plan_add(&jail, SCRIPT("command", "0", "exit 0"), NULL);
	jail_start(&jail, false);
	check(jail_event(jail.monitor, &e));
	check_text(e.fields[0], "hello");
	check_text(e.fields[1], "0123456789abcdef0123456789abcdef");
	check(atoi(e.fields[2]) == jail.jailer && atoi(e.fields[3]) > 0 && atoi(e.fields[4]) > 2);
	check_text(e.fields[5], "created");
	jail_say(jail.monitor, "go", NULL);
	expect_event(jail.monitor, "built");
	expect_event(jail.monitor, "start 0 exit 0");
	expect_event(jail.monitor, "start 1 exit 0");
	check(jail_event(jail.monitor, &e));
	check_text(e.fields[0], "running");
	check(atoi(e.fields[1]) > 0);
	expect_event(jail.monitor, "main exit 0");
	expect_event(jail.monitor, "exited exit 0");
	check(strstr(file_text(jail.dir, "exit"),
		     "launch=0123456789abcdef0123456789abcdef\nhow=exit\ncode=0\nphase=running\nat=") != NULL);
	check(jail_end(&jail) == 0);
}

static void ends_with_the_command(const char *script, const char *exited)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("start-background", "0", "sleep 1000"), NULL);
	plan_add(&jail, SCRIPT("command", "0", script), NULL);
	jail_start(&jail, true);
	jail_expect_end(&jail, exited);
}

static void ends_as_the_command_fails(void)
{
	ends_with_the_command("exit 3", "exited exit 3");
	ends_with_the_command("kill -9 $$", "exited signal 9");
	ends_with_the_command("kill -11 $$", "exited signal 11");
}

static void goes_on_after_success(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("start-background", "0", "sleep 0.3; echo late; exit 5"), NULL);
	plan_add(&jail, SCRIPT("command", "0", "exit 0"), NULL);
	jail_start(&jail, true);
	await(&jail, "main");
	expect_event(jail.monitor, "exited exit 0");
	check_text(file_text(jail.dir, "log"), "late\n");
	check(jail_end(&jail) == 0);
}

static void ends_when_empty(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("start", "0", "true"), NULL);
	jail_start(&jail, true);
	jail_expect_end(&jail, "exited exit 0");

	usual(&jail);
	plan_add(&jail, SCRIPT("start-background", "0", "sleep 0.2; exit 5"), NULL);
	jail_start(&jail, true);
	jail_expect_end(&jail, "exited exit 5");
}

static void names_a_missing_command(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, "run", "command", "0", "1", "/bin/absent", NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "error exec /bin/absent 2");
	jail_expect_end(&jail, "exited error 2");
	usual(&jail);
	plan_add(&jail, "run", "start", "0", "1", "absent", NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "error exec absent 2");
	jail_expect_end(&jail, "exited error 2");
	usual(&jail);
	plan_add(&jail, "run", "command", "0", "1", "/etc", NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "error exec /etc 13");
	jail_expect_end(&jail, "exited error 13");
}

static void stops_at_a_failed_start(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("start", "0", "exit 7"), NULL);
	plan_add(&jail, SCRIPT("command", "0", "echo never"), NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "start 0 exit 7");
	expect_event(jail.monitor, "exited exit 7");
	check_text(file_text(jail.dir, "log"), "");
	check(jail_end(&jail) == 0);
}

static void kills_a_start_that_takes_too_long(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("start", "1", "sleep 100 & sleep 100"), NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "start 0 timeout 1");
	jail_expect_end(&jail, "exited signal 9");
}

static void reaps_orphans(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0",
			       "i=0; while [ $i -lt 1000 ]; do (true & ); i=$((i+1)); done; "
			       "n=1; while [ $n != 0 ]; do sleep 0.1; n=$(grep -l '^State:.Z' /proc/[0-9]*/status | wc -l); done; "
			       "echo $n"), NULL);
	jail_start(&jail, true);
	await(&jail, "main");
	expect_event(jail.monitor, "exited exit 0");
	check_text(file_text(jail.dir, "log"), "0\n");
	check(jail_end(&jail) == 0);
}

static void signals_everyone(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0",
			       "(trap 'echo child; exit 0' TERM; : >/tmp/up; while :; do sleep 0.05; done) 2>/dev/null & "
			       "trap 'wait; echo parent; exit 9' TERM; until [ -e /tmp/up ]; do sleep 0.02; done; "
			       "echo up; wait; wait"), NULL);
	jail_start(&jail, true);
	await(&jail, "running");
	for (int i = 0; i < 6000 && strcmp(file_text(jail.dir, "log"), "up\n") != 0; i++)
		usleep(10000);
	usleep(100000);
	jail_say(jail.monitor, "signal", "15", NULL);
	expect_event(jail.monitor, "main exit 9");
	expect_event(jail.monitor, "exited exit 9");
	check_text(file_text(jail.dir, "log"), "up\nchild\nparent\n");
	check(jail_end(&jail) == 0);
}

static void wakes_what_is_stopped(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "kill -STOP $$"), NULL);
	jail_start(&jail, true);
	await(&jail, "running");
	usleep(100000);
	jail_say(jail.monitor, "signal", "15", NULL);
	expect_event(jail.monitor, "main signal 15");
	jail_expect_end(&jail, "exited signal 15");
}

static void does_not_lose_an_early_signal(void)
{
	struct jail jail;

	/* Before it is built, and while the first of its commands runs. */
	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "sleep 1000"), NULL);
	jail_start(&jail, true);
	jail_say(jail.monitor, "signal", "15", NULL);
	jail_expect_end(&jail, "exited signal 15");
	usual(&jail);
	plan_add(&jail, SCRIPT("start", "0", "exec 2>/dev/null; trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done"), NULL);
	plan_add(&jail, SCRIPT("command", "0", "echo never"), NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	for (int i = 0; i < 6000 && strcmp(file_text(jail.dir, "log"), "up\n") != 0; i++)
		usleep(10000);
	jail_say(jail.monitor, "signal", "15", NULL);
	expect_event(jail.monitor, "start 0 exit 0");
	expect_event(jail.monitor, "exited exit 0");
	check_text(file_text(jail.dir, "log"), "up\n");
	check(jail_end(&jail) == 0);
}

static void is_killed(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "trap '' TERM; sleep 1000"), NULL);
	jail_start(&jail, true);
	await(&jail, "running");
	jail_say(jail.monitor, "kill", NULL);
	jail_expect_end(&jail, "exited signal 9");
	/* Before anything is built, too. */
	usual(&jail);
	jail_start(&jail, false);
	await(&jail, "hello");
	jail_say(jail.monitor, "kill", NULL);
	jail_expect_end(&jail, "exited signal 9");
}

static void persists(void)
{
	struct jail jail;
	struct event e;

	usual(&jail);
	plan_add(&jail, "persist", "yes", NULL);
	jail_start(&jail, true);
	await(&jail, "built");
	expect_event(jail.monitor, "running 0");
	usleep(100000);
	jail_say(jail.monitor, "exec", "a", "0", "", "", "no", "no", "2", "echo", "hi", "0", NULL);
	check(jail_await(&jail, "exec.exit", &e));
	check_text(e.fields[2], "exit");
	jail_say(jail.monitor, "signal", "15", NULL);
	jail_expect_end(&jail, "exited signal 15");
}

static void dies_with_its_jailer(void)
{
	struct jail jail;
	struct event e;
	int status;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "sleep 1000"), NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	kill(jail.jailer, SIGKILL);
	check(!jail_event(jail.monitor, &e));
	for (int i = 0; i < 6000 && !is_gone(jail.init); i++)
		usleep(10000);
	check(is_gone(jail.init));
	status = jail_end(&jail);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void loses_no_output(void)
{
	struct jail jail;
	const char *log;
	char last[] = "\n20000\n";

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "seq 1 20000; echo end >&2; printf tail"), NULL);
	jail_start(&jail, true);
	await(&jail, "main");
	expect_event(jail.monitor, "exited exit 0");
	log = file_text(jail.dir, "log");
	check(strncmp(log, "1\n2\n3\n", 6) == 0 && strstr(log, last) != NULL &&
	      strstr(log, "end\n") != NULL && strstr(log, "tail") != NULL);
	check(strlen(log) >= 108894 + 4 + 4);
	check(jail_end(&jail) == 0);
}

static void is_taken_back_by_the_next_monitor(void)
{
	struct jail jail;
	struct event e;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "sleep 1000"), NULL);
	jail_start(&jail, true);
	await(&jail, "running");
	close(jail.monitor);
	jail.monitor = jail_client(&jail, NULL, "monitor", NULL);
	check(jail_await(&jail, "hello", &e));
	check_text(e.fields[5], "running");
	jail_say(jail.monitor, "signal", "15", NULL);
	expect_event(jail.monitor, "main signal 15");
	jail_expect_end(&jail, "exited signal 15");
}

static void records_its_end_without_a_monitor(void)
{
	struct jail jail;

	usual(&jail);
	plan_add(&jail, SCRIPT("command", "0", "sleep 0.2; exit 4"), NULL);
	jail_start(&jail, true);
	await(&jail, "running");
	close(jail.monitor);
	jail.monitor = -1;
	check(waitpid(jail.jailer, NULL, 0) == jail.jailer);
	jail.jailer = 0;
	check(strstr(file_text(jail.dir, "exit"), "how=exit\ncode=4\nphase=running\n") != NULL);
	check(jail_end(&jail) == 0);
}

static void leaves_its_neighbour_alone(void)
{
	struct jail a, b;

	usual(&a);
	plan_add(&a, SCRIPT("command", "0", "sleep 1000"), NULL);
	usual(&b);
	plan_add(&b, SCRIPT("command", "0", "echo /proc/[0-9]*; kill -9 -1 2>/dev/null; exit 0"), NULL);
	jail_start(&a, true);
	await(&a, "running");
	jail_start(&b, true);
	await(&b, "main");
	expect_event(b.monitor, "exited exit 0");
	check_text(file_text(b.dir, "log"), "/proc/1 /proc/2\n");
	check(jail_end(&b) == 0);
	check(kill(a.init, 0) == 0);
	jail_say(a.monitor, "kill", NULL);
	jail_expect_end(&a, "exited signal 9");
}

const struct test run_tests[] = {
	{ "a jail tells each step of its life", tells_every_step },
	{ "a jail ends as its command fails", ends_as_the_command_fails },
	{ "a jail goes on after its command's success until it is empty", goes_on_after_success },
	{ "a jail without a command ends when it is empty", ends_when_empty },
	{ "a command that cannot be executed is named", names_a_missing_command },
	{ "a failed start ends the jail", stops_at_a_failed_start },
	{ "a start over its time is killed", kills_a_start_that_takes_too_long },
	{ "a thousand orphans leave no zombie", reaps_orphans },
	{ "a signal reaches every process of a jail", signals_everyone },
	{ "SIGTERM reaches a stopped process", wakes_what_is_stopped },
	{ "an early SIGTERM is not lost", does_not_lose_an_early_signal },
	{ "a jail is killed whatever it ignores", is_killed },
	{ "a persistent jail outlives its processes, not its end", persists },
	{ "a jail dies with its jailer", dies_with_its_jailer },
	{ "no output is lost at the end", loses_no_output },
	{ "a jail is taken back by the next monitor", is_taken_back_by_the_next_monitor },
	{ "a jail records its end while nobody listens", records_its_end_without_a_monitor },
	{ "two jails do not see each other", leaves_its_neighbour_alone },
	{ NULL, NULL },
};
