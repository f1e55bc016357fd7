#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD(jail)                                                                              \
	"version", "1", "name", "web", "launch", "00", "rundir", (jail).dir, "namespaces",      \
		"mount,pid", "root", (jail).root, ""

/* Starts a jailer with a bad plan; it must refuse it by naming `key`. */
static void expect_refusal(struct jail *jail, const char *key)
{
	char text[256], expected[128];
	struct event e;

	jail_start(jail, true);
	check(jail_event(jail->monitor, &e));
	check_text(e.fields[0], "hello");
	check(jail_event(jail->monitor, &e));
	snprintf(expected, sizeof(expected), "error plan %s 22", key);
	check_text(event_text(&e, text, sizeof(text)), expected);
	expect_event(jail->monitor, "exited error 22");
	check(!jail_event(jail->monitor, &e));
	check(jail_end(jail) == 0);
}

static void refuse(const char *key, const char *a, const char *b, const char *c)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, HEAD(jail), NULL);
	plan_add(&jail, key, a, b, c, NULL);
	expect_refusal(&jail, key);
}

static void refuses_unknown_keys(void)
{
	refuse("colour", "red", NULL, NULL);
}

static void refuses_bad_values(void)
{
	refuse("umask", "99", NULL, NULL);
	refuse("caps", "xyz", NULL, NULL);
	refuse("login", "no", NULL, NULL);
	refuse("workdir", "relative", NULL, NULL);
	refuse("mkdir", "tmp", "8", NULL);
	refuse("env", "novalue", NULL, NULL);
	refuse("time.offset", "realtime", "1", NULL);
	refuse("cgroup.procs", "relative", NULL, NULL);
	refuse("rlimit", "nofile", "9", "8");
	refuse("rlimit", "colour", "1", "1");
	refuse("node", "dev/null", "c", "13");
	refuse("answer.mount", "ext4", "ext4", "");
	refuse("answer.mount", "proc", "proc", "");
	refuse("file", "etc/a", "444", "rec");
	refuse("node", "dev/a", "d", "1:5");
	refuse("layer", "relative", NULL, NULL);
	refuse("work", "/tmp", NULL, NULL);
	refuse("run", "later", "0", "1");
	refuse("run", "start", "0", "0");
	refuse("run", "start", "-1", "1");
}

static void refuses_files_that_are_no_bytes(void)
{
	static const char *const texts[] = { "6", "6g", "6A", "0x" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct jail jail;

		jail_prepare(&jail);
		plan_add(&jail, HEAD(jail), "file", "etc/a", "444", "", texts[i], NULL);
		expect_refusal(&jail, "file");
	}
}

static void refuses_missing_fields(void)
{
	refuse("mount", "tmpfs", "tmpfs", "tmp");
	refuse("hostname", NULL, NULL, NULL);
	refuse("run", "command", "0", "3");
}

static void refuses_a_plan_that_is_cut(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, HEAD(jail), "workdir", "/tmp", NULL);
	jail.plan_size--;
	expect_refusal(&jail, "workdir");
}

static void refuses_what_comes_twice(void)
{
	refuse("root", "/", "", NULL);
	refuse("version", "1", NULL, NULL);
}

static void refuses_another_version(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, "version", "2", NULL);
	expect_refusal(&jail, "version");
	jail_prepare(&jail);
	plan_add(&jail, "name", "web", NULL);
	expect_refusal(&jail, "name");
}

static void refuses_an_empty_plan(void)
{
	struct jail jail;
	struct event e;

	jail_prepare(&jail);
	jail_start(&jail, true);
	jail_expect(&jail, "error", "error plan  22");
	check(jail_await(&jail, "exited", &e));
	check(jail_end(&jail) == 0);
}

static void refuses_a_jail_without_walls(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, "version", "1", "name", "web", "launch", "00", "rundir", jail.dir,
		 "namespaces", "mount,uts", "root", "/", "", NULL);
	expect_refusal(&jail, "namespaces");
}

static void refuses_to_rename_the_host(void)
{
	refuse("hostname", "web", NULL, NULL);
	refuse("answer.hostname", "yes", NULL, NULL);
}

static void refuses_commands_behind_the_command(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, HEAD(jail), "run", "command", "0", "1", "true", NULL);
	plan_add(&jail, "run", "start", "0", "1", "true", NULL);
	expect_refusal(&jail, "run");
}

/* Nothing random may bring it down: each plan is refused or builds a jail that ends. */
static void survives_plans_with_a_byte_changed(void)
{
	unsigned int seed = 4711;

	for (int i = 0; i < 150; i++) {
		struct jail jail;
		struct event e;
		int status;

		jail_prepare(&jail);
		plan_usual(&jail);
		plan_add(&jail, "run", "command", "5", "1", "/bin/true", NULL);
		seed = seed * 1103515245 + 12345;
		jail.plan[(seed >> 8) % jail.plan_size] = (char)(seed >> 24);
		jail_start(&jail, true);
		check(jail_await(&jail, "exited", &e));
		status = jail_end(&jail);
		check(status == 0);
	}
}

const struct test plan_tests[] = {
	{ "a plan with an unknown key is refused", refuses_unknown_keys },
	{ "a plan with a bad value is refused by the key", refuses_bad_values },
	{ "a plan with a file that is not hexadecimal is refused", refuses_files_that_are_no_bytes },
	{ "a plan with a field missing is refused", refuses_missing_fields },
	{ "a plan without its last NUL is refused", refuses_a_plan_that_is_cut },
	{ "a plan that says something twice is refused", refuses_what_comes_twice },
	{ "a plan of another version, or without one, is refused", refuses_another_version },
	{ "an empty plan is refused", refuses_an_empty_plan },
	{ "a plan without mount or pid namespace is refused", refuses_a_jail_without_walls },
	{ "a host name without a UTS namespace is refused", refuses_to_rename_the_host },
	{ "a plan with something to run behind the command is refused",
	  refuses_commands_behind_the_command },
	{ "plans with a byte changed are refused or built", survives_plans_with_a_byte_changed },
	{ NULL, NULL },
};
