#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <sys/stat.h>
#include <unistd.h>

/* "hello" and a line end. */
#define HELLO "68656c6c6f0a"

static void touch(const struct jail *jail, const char *name, const char *bytes)
{
	char path[192];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", jail->root, name);
	f = fopen(path, "w");
	check(f != NULL && fputs(bytes, f) >= 0 && fclose(f) == 0);
}

static const char *in_root(const struct jail *jail, const char *name)
{
	return file_text(jail->root, name);
}

static void lays_files_over_those_of_the_root(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	touch(&jail, "etc/mine", "old\n");
	plan_add(&jail, "file", "etc/mine", "640", "", HELLO, "file", "etc/empty", "444", "create", "",
		 NULL);
	check_text(jail_output(&jail, "cat /etc/mine; stat -c '%a %u %s' /etc/mine /etc/empty; "
				    "(echo x >/etc/mine) 2>&1; true"),
		   "hello\n640 0 6\n444 0 0\n/bin/sh: can't create /etc/mine: Read-only file system\n");
	check_text(in_root(&jail, "etc/mine"), "old\n");
	check(jail_end(&jail) == 0);
}

static void leaves_out_files_that_may_be_missing(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "file", "etc/a", "444", "optional", HELLO, NULL);
	plan_add(&jail, "file", "etc/b", "444", "create,optional", HELLO, NULL);
	check_text(jail_output(&jail, "cat /etc/a /etc/b 2>&1; true"),
		   "cat: can't open '/etc/a': No such file or directory\nhello\n");
	check(jail_end(&jail) == 0);
}

static void follows_no_link_to_a_file(void)
{
	struct jail jail;
	char path[192];

	jail_prepare(&jail);
	plan_usual(&jail);
	snprintf(path, sizeof(path), "%s/etc/link", jail.root);
	check(symlink("/etc/there", path) == 0);
	snprintf(path, sizeof(path), "%s/etc/there", jail.root);
	check(symlink("nowhere", path) == 0);
	plan_add(&jail, "file", "etc/link", "444", "create", HELLO, NULL);
	check_text(jail_output(&jail, "cat /etc/link; readlink /etc/there; ls /etc/nowhere 2>&1; true"),
		   "hello\nnowhere\nls: /etc/nowhere: No such file or directory\n");
	check(jail_end(&jail) == 0);
}

static void shows_files_to_commands_of_exec_and_nothing_of_the_shelf(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "file", "dev/jail/env", "444", "create", HELLO, NULL);
	plan_add(&jail, "node", "dev/sub/none", "c", "1:5", "444", NULL);
	check_text(jail_output(&jail, "cat /dev/jail/env; cat /proc/mounts | wc -l; "
				    "ls -d /../home /../srv 2>&1; true"),
		   "hello\n6\nls: /../home: No such file or directory\n"
		   "ls: /../srv: No such file or directory\n");
	check(jail_end(&jail) == 0);
}

static void gives_nodes_with_the_rights_of_the_plan(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "node", "dev/read", "c", "1:5", "444", NULL);
	plan_add(&jail, "node", "dev/sub/both", "c", "1:5", "666", NULL);
	check_text(jail_output(&jail, "stat -c '%A %t:%T' /dev/read; (echo x >/dev/read) 2>&1; "
				    "head -c 3 /dev/read | wc -c; echo x >/dev/sub/both && echo written; "
				    "chmod 666 /dev/read 2>&1; true"),
		   "cr--r--r-- 1:5\n/bin/sh: can't create /dev/read: Permission denied\n3\nwritten\n"
		   "chmod: /dev/read: Operation not permitted\n");
	check(jail_end(&jail) == 0);
}

static void makes_nodes_that_are_no_mounts(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "node", "dev/zero", "c", "1:5", "444", NULL);
	check_text(jail_output(&jail, "stat -c '%A %t:%T' /dev/null /dev/zero; stat -c '%u %g' /dev; "
				    "grep -c ' /dev/' /proc/mounts; "
				    "echo x >/dev/null && head -c 2 /dev/zero | wc -c; "
				    "(echo x >/dev/zero) 2>&1; mknod /dev/mem c 1 1 2>&1; true"),
		   "crw-rw-rw- 1:3\ncr--r--r-- 1:5\n0 0\n1\n2\n"
		   "/bin/sh: can't create /dev/zero: Permission denied\n"
		   "mknod: /dev/mem: Operation not permitted\n");
	check(jail_end(&jail) == 0);
}

static void takes_the_account_of_the_plan(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	touch(&jail, "etc/passwd", "other:x:77:77::/other:/bin/other\n");
	plan_add(&jail, "user", "77:78", "login", "yes", "account", "www", "/tmp", "/bin/sh", NULL);
	check_text(jail_output(&jail, "id -u; id -g; echo $USER $HOME $SHELL; pwd"),
		   "77\n78\nwww /tmp /bin/sh\n/tmp\n");
	check(jail_end(&jail) == 0);
}

const struct test shelf_tests[] = {
	{ "files lie over those of the root, read-only and without touching them",
	  lays_files_over_those_of_the_root },
	{ "an optional file is left out where it has no place", leaves_out_files_that_may_be_missing },
	{ "a file follows no link", follows_no_link_to_a_file },
	{ "what files and nodes are bound from is out of reach",
	  shows_files_to_commands_of_exec_and_nothing_of_the_shelf },
	{ "a device node can be used as the plan says and not changed",
	  gives_nodes_with_the_rights_of_the_plan },
	{ "nodes in a file system for them are no mounts, and of two the later one counts",
	  makes_nodes_that_are_no_mounts },
	{ "name, home and shell are those of the plan where it has them", takes_the_account_of_the_plan },
	{ NULL, NULL },
};
