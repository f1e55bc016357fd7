#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <fcntl.h>
#include <unistd.h>

/* A jail as jaild plans it, as far as mounts matter. */
static void prepare(struct jail *jail)
{
	jail_prepare(jail);
	plan_usual(jail);
	plan_add(jail, "mask", "proc/kcore", "mask", "proc/fs", "readonly", "proc/sys", NULL);
}

static void allow_mounts(struct jail *jail)
{
	plan_add(jail, "answer.mount", "bind", "bind", "nosuid,nodev", NULL);
	plan_add(jail, "answer.mount", "nullfs", "bind", "nosuid,nodev", NULL);
	plan_add(jail, "answer.mount", "tmpfs", "tmpfs", "nosuid,nodev,size=1m", NULL);
	plan_add(jail, "answer.mount", "proc", "/proc", "", NULL);
}

/* Runs `script`, and compares what it has written. */
static void expect_output(struct jail *jail, const char *script, const char *expected)
{
	struct event e;

	plan_add(jail, "run", "command", "20", "3", "/bin/sh", "-c", script, NULL);
	jail_start(jail, true);
	check(jail_await(jail, "exited", &e));
	check_text(file_text(jail->dir, "log"), expected);
	check(jail_end(jail) == 0);
}

static void names_the_jail(void)
{
	struct jail jail;

	prepare(&jail);
	plan_add(&jail, "answer.hostname", "yes", NULL);
	expect_output(&jail, "hostname other.example; hostname; uname -n; uname -r | grep -c .", "other.example\nother.example\n1\n");
}

static void names_it_for_root_only(void)
{
	struct jail jail;

	prepare(&jail);
	plan_add(&jail, "answer.hostname", "yes", "user", "7:7", NULL);
	expect_output(&jail, "hostname other 2>&1; hostname", "hostname: sethostname: Operation not permitted\nweb.example\n");
}

static void shows_another_release(void)
{
	struct jail jail;

	prepare(&jail);
	plan_add(&jail, "answer.release", "14.2-RELEASE", "user", "7:7", NULL);
	expect_output(&jail, "uname -srn", "Linux web.example 14.2-RELEASE\n");
}

static void mounts_what_is_allowed(void)
{
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail,
		      file_text("/tmp", "notify_s.sh"),
		      "14.2-RELEASE\n");
}

const struct test answers_tests[] = {
	{ "root in a jail sets its host name", names_the_jail },
	{ "other users of a jail do not", names_it_for_root_only },
	{ "uname shows the release of the plan, to everyone", shows_another_release },
	{ "root in a jail mounts what is allowed", mounts_what_is_allowed },
	{ NULL, NULL },
};
