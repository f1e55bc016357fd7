#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* jail_output() of a jail that is not looked at afterwards. */
static const char *output_of(struct jail *jail, const char *script)
{
	const char *out = jail_output(jail, script);

	check(jail_end(jail) == 0);
	return out;
}

static const char *in_usual_jail(const char *script)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	return output_of(&jail, script);
}

/* Builds a jail that must fail with `error`, and `exited error N`, and a record of it. */
static void expect_error(struct jail *jail, const char *error)
{
	struct event e;

	plan_add(jail, "run", "command", "0", "1", "/bin/true", NULL);
	jail_start(jail, true);
	jail_expect(jail, "error", error);
	check(jail_await(jail, "exited", &e));
	check_text(e.fields[1], "error");
	check(strstr(file_text(jail->dir, "exit"), "how=error\n") != NULL);
	check(!jail_event(jail->monitor, &e));
	check(jail_end(jail) == 0);
}

static void shows_its_own_names(void)
{
	check_text(in_usual_jail("hostname; id; cat /proc/self/uid_map"),
		   "web.example\nuid=0 gid=0 groups=0\n         0    1000000      65536\n");
}

static void shows_its_own_processes_only(void)
{
	check_text(in_usual_jail("echo /proc/[0-9]*; readlink /proc/self/fd/0; "
				 "echo $$; ls -l /proc/1/exe 2>&1 | grep -c denied"),
		   "/proc/1 /proc/2\n/dev/null\n2\n1\n");
}

static void mounts_nothing_else(void)
{
	check_text(in_usual_jail("while read -r a b c; do echo $b; done < /proc/mounts | busybox sort"),
		   "/\n/dev\n/dev/pts\n/proc\n");
}

static void leaves_no_descriptor_open(void)
{
	check_text(in_usual_jail("ls /proc/$$/fd; true"), "0\n1\n2\n");
}

static void owns_its_root(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	check_text(output_of(&jail, "touch /etc/mine && stat -c %u:%g /etc/mine /bin/busybox"),
		   "0:0\n0:0\n");
}

static void limits_capabilities(void)
{
	check_text(in_usual_jail("grep -E '^(Cap|NoNew)' /proc/self/status | cat"),
		   "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
		   "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"
		   "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n");
}

static void limits_init(void)
{
	/* kill setuid setgid setpcap are in the commands' set already. */
	check_text(in_usual_jail("grep -E '^Cap(Prm|Bnd|Eff)' /proc/1/status | cat"),
		   "CapPrm:\t00000000a80425fb\nCapEff:\t00000000a80425fb\n"
		   "CapBnd:\t00000000a80425fb\n");
}

static void sets_environment_and_limits(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "rlimit", "nofile", "77", "88", "umask", "27", "workdir", "/tmp", NULL);
	check_text(output_of(&jail, "env | grep -v -e ^PWD -e ^SHLVL -e ^OLDPWD; pwd; ulimit -n; "
				    "ulimit -Hn; ulimit -c; umask"),
		   "TERM=dumb\nPATH=/bin\n/tmp\n77\n88\n0\n0027\n");
}

static void warns_of_limits_that_may_not_be_raised(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "rlimit", "nofile", "1000000000", "1000000000", "run", "command", "0", "1",
		 "true", NULL);
	jail_start(&jail, true);
	jail_expect(&jail, "warning", "warning rlimit nofile 1");
	jail_expect(&jail, "exited", "exited exit 0");
	check(jail_end(&jail) == 0);
}

static void shifts_clocks(void)
{
	struct jail jail;
	const char *uptime;

	if (!has_time_namespaces()) {
		printf("  not run: this kernel has no time namespaces\n");
		exit(77);
	}
	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "time.offset", "boottime", "100000000", NULL);
	uptime = output_of(&jail, "cat /proc/uptime");
	check(atol(uptime) >= 100000000);
}

static void hides_and_protects(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "mask", "proc/timer_list", "mask", "proc/kallsyms", "mask", "proc/fs",
		 "mask", "proc/tty", "mask", "proc/absent", "readonly", "proc/sys", "readonly",
		 "etc", "readonly", "absent/too", NULL);
	check_text(output_of(&jail, "exec 2>&1; cat /proc/timer_list /proc/kallsyms; ls /proc/fs /proc/tty; "
				    "touch /proc/fs/x 2>&1 | cut -d: -f3; "
				    "touch /etc/x || echo read-only; touch /tmp/x && echo writable"),
		   "/proc/fs:\n\n/proc/tty:\n Read-only file system\ntouch: /etc/x: Read-only file system\n"
		   "read-only\nwritable\n");
}

static void sets_sysctls(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "sysctl", "net.ipv4.ip_unprivileged_port_start", "7", "sysctl",
		 "user/max_user_namespaces", "0", "readonly", "proc/sys", NULL);
	check_text(output_of(&jail, "cat /proc/sys/net/ipv4/ip_unprivileged_port_start "
				    "/proc/sys/user/max_user_namespaces"),
		   "7\n0\n");
}

static void binds_host_directories(void)
{
	struct jail jail;
	char shared[96];

	jail_prepare(&jail);
	plan_usual(&jail);
	snprintf(shared, sizeof(shared), "%s/shared", jail.dir);
	check(mkdir(shared, 0755) == 0);
	plan_add(&jail, "mount", "bind", shared, "mnt/deep/rw", "idmap,create", "mount", "bind",
		 shared, "mnt/ro", "idmap,create,ro,noexec", "mount", "bind", "/absent", "mnt/no",
		 "create,optional", "mount", "bind", "/etc/hostname", "etc/name", "create,ro", NULL);
	check_text(output_of(&jail, "touch /mnt/deep/rw/file && ls /mnt/ro /mnt; "
				    "touch /mnt/ro/x 2>/dev/null || echo ro; "
				    "grep -c . /etc/name"),
		   "/mnt:\ndeep\nro\n\n/mnt/ro:\nfile\nro\n1\n");
}

static void makes_its_root_read_only(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, "version", "1", "name", "web", "launch", "00", "rundir", jail.dir, "log",
		 jail.log, "0", "1", "plain", "namespaces", "mount,pid", "root", jail.root, "ro",
		 "mount", "tmpfs", "tmpfs", "new/tmp", "create,size=16k", "env", "PATH=/bin",
		 "caps", "0", NULL);
	check_text(output_of(&jail, "touch /x 2>&- || echo ro; touch /new/tmp/x && echo rw"),
		   "ro\nrw\n");
}

static void does_without_a_dev(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_add(&jail, "version", "1", "name", "web", "launch", "00", "rundir", jail.dir, "log",
		 jail.log, "0", "1", "plain", "namespaces", "mount,pid", "root", jail.root, "",
		 "env", "PATH=/bin", NULL);
	check_text(output_of(&jail, "cat; echo $$"), "2\n");
}

static void runs_as_a_user(void)
{
	struct jail jail;
	char path[128];
	FILE *f;

	jail_prepare(&jail);
	snprintf(path, sizeof(path), "%s/etc/passwd", jail.root);
	f = fopen(path, "w");
	fputs("broken\nroot:x:0:0::/root:/bin/sh\nwww:x:33:34:web:/tmp:/bin/sh\n", f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/etc/group", jail.root);
	f = fopen(path, "w");
	fputs("a:x:100:root,www\nb:x:101:wwww\nc:x:4294967295:www\nd:x:102:www", f);
	fclose(f);
	plan_usual(&jail);
	plan_add(&jail, "user", "www", "login", "yes", NULL);
	check_text(output_of(&jail, "exec 2>&-; id -u; id -g; id -G; pwd; echo $HOME $SHELL $USER; "
				    "grep -E '^Cap(Prm|Eff)' /proc/self/status | cat"),
		   "33\n34\n34 100 102\n/tmp\n/tmp /bin/sh www\n"
		   "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\n");
}

static void is_not_held_up_by_a_fifo(void)
{
	struct jail jail;
	char path[128];

	jail_prepare(&jail);
	snprintf(path, sizeof(path), "%s/etc/passwd", jail.root);
	check(mkfifo(path, 0666) == 0);
	plan_usual(&jail);
	plan_add(&jail, "user", "www", NULL);
	expect_error(&jail, "error user www 22");
}

static void names_a_missing_user(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "user", "nobody", NULL);
	expect_error(&jail, "error user nobody 2");
}

static void plan_with_root(struct jail *jail, const char *root)
{
	jail_prepare(jail);
	plan_add(jail, "version", "1", "name", "web", "launch", "00", "rundir", jail->dir,
		 "namespaces", "mount,pid", "root", root, "", NULL);
}

static void names_a_missing_root(void)
{
	struct jail jail;

	plan_with_root(&jail, "/absent/root");
	expect_error(&jail, "error root /absent/root 2");
}

static void names_a_root_that_is_a_file(void)
{
	struct jail jail;

	plan_with_root(&jail, "/etc/hostname");
	expect_error(&jail, "error root /etc/hostname 20");
}

static void does_not_follow_links(void)
{
	static const struct {
		const char *link, *text;
		const char *record[5];
		const char *error;
	} traps[] = {
		{ "opt", "/tmp", { "mkdir", "opt/x", "755", NULL }, "error mkdir opt/x 40" },
		{ "opt", "../../..", { "mount", "tmpfs", "tmpfs", "opt", "create" },
		  "error mount opt 40" },
		{ "opt", "/etc", { "symlink", "opt/x", "y", NULL }, "error symlink opt/x 40" },
		{ "opt", "/etc", { "node", "opt/null", "c", "1:3", "666" }, "error node opt/null 40" },
		{ "opt", "/etc", { "mask", "opt/passwd", NULL }, "error mask opt/passwd 40" },
		{ "opt", "/etc", { "readonly", "opt", NULL }, "error readonly opt 40" },
		{ "opt", "/etc", { "mkdir", "../x", "755", NULL }, "error mkdir ../x 18" },
		{ "opt", "old", { "symlink", "opt", "new", NULL }, "error symlink opt 17" },
	};

	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		const char *const *r = traps[i].record;
		struct jail jail;
		char path[128];

		jail_prepare(&jail);
		snprintf(path, sizeof(path), "%s/%s", jail.root, traps[i].link);
		check(symlink(traps[i].text, path) == 0);
		plan_usual(&jail);
		plan_add(&jail, r[0], r[1], r[2], r[3], r[3] != NULL ? r[4] : NULL, NULL);
		expect_error(&jail, traps[i].error);
	}
}

static void does_not_follow_a_dev_that_is_a_link(void)
{
	struct jail jail;
	char path[128];

	jail_prepare(&jail);
	snprintf(path, sizeof(path), "%s/dev", jail.root);
	check(rmdir(path) == 0 && symlink("/tmp", path) == 0);
	plan_usual(&jail);
	expect_error(&jail, "error mount dev 40");
}

static void replaces_links_it_mounted_over(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "symlink", "dev/x", "one", "symlink", "dev/x", "two", "symlink", "dev/x",
		 "two", NULL);
	check_text(output_of(&jail, "readlink /dev/x"), "two\n");
}

/* EINVAL: no module takes labels; ENOENT: AppArmor has no such profile. */
static void runs_nothing_without_its_label(void)
{
	static const char *const keys[] = { "apparmor", "selinux" };

	for (int i = 0; i < 2; i++) {
		char text[256];
		struct jail jail;
		struct event e;

		jail_prepare(&jail);
		plan_usual(&jail);
		plan_add(&jail, keys[i], "no-such-label", NULL);
		jail_start(&jail, true);
		check(jail_await(&jail, "error", &e));
		event_text(&e, text, sizeof(text));
		check(strcmp(text, "error label no-such-label 22") == 0 ||
		      strcmp(text, "error label no-such-label 2") == 0);
		check(jail_end(&jail) == 0);
	}
}

static void names_a_file_system_that_cannot_be_mapped(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "mount", "bind", "/proc", "tmp", "idmap", NULL);
	expect_error(&jail, "error idmap /proc 22");
}

/* Meanwhile jaild is at work on its namespaces. */
static void stays_until_it_may_be_told_of(void)
{
	struct jail jail;
	struct event e;
	char text[256];

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "mount", "tmpfs", "tmpfs", "absent", "", NULL);
	jail_start(&jail, false);
	check(jail_event(jail.monitor, &e));
	jail.init = atoi(e.fields[3]);
	check_text(e.fields[5], "created");
	usleep(50000);
	check(!is_gone(jail.init));
	jail_say(jail.monitor, "go", NULL);
	check(jail_event(jail.monitor, &e));
	check_text(event_text(&e, text, sizeof(text)), "error mount absent 2");
	check(jail_await(&jail, "exited", &e));
	check(jail_end(&jail) == 0);
}

static void is_built_late_where_asked(void)
{
	struct jail jail;
	struct event e;
	char path[192];

	jail_prepare(&jail);
	snprintf(path, sizeof(path), "%s/made", jail.dir);
	plan_usual(&jail);
	plan_add(&jail, "late", "yes", "mount", "bind", path, "tmp", "ro", "run", "command", "0", "2", "/bin/ls",
		 "/tmp", NULL);
	jail_start(&jail, false);
	check(jail_await(&jail, "hello", &e));
	usleep(50000);
	check(mkdir(path, 0755) == 0);
	strcat(path, "/it");
	check(mkdir(path, 0755) == 0);
	jail_say(jail.monitor, "go", NULL);
	check(jail_await(&jail, "exited", &e));
	check_text(file_text(jail.dir, "log"), "it\n");
	check(jail_end(&jail) == 0);
}

static void loads_a_filter(void)
{
	static const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct jail jail;
	char path[96];
	FILE *f;

	for (int i = 0; i < 2; i++) {
		jail_prepare(&jail);
		snprintf(path, sizeof(path), "%s/filter", jail.dir);
		f = fopen(path, "w");
		check(fwrite(program, sizeof(program), 1, f) == 1);
		fclose(f);
		plan_add(&jail, "version", "1", "name", "web", "launch", "00", "rundir", jail.dir,
			 "log", jail.log, "0", "1", "plain", "namespaces", "mount,pid,uts", "root",
			 jail.root, "", "mount", "proc", "proc", "proc", "", "env", "PATH=/bin",
			 "seccomp", path, "caps", "c0", i == 0 ? NULL : "no_new_privs", "yes", NULL);
		check_text(output_of(&jail, "kill -0 $$ 2>&- || echo refused; "
					    "grep ^Seccomp: /proc/self/status | cat"),
			   "refused\nSeccomp:\t2\n");
	}
}

const struct test build_tests[] = {
	{ "a jail whose label nobody takes runs nothing", runs_nothing_without_its_label },
	{ "a jail has its own host name, root user and maps", shows_its_own_names },
	{ "a jail sees its own processes only", shows_its_own_processes_only },
	{ "a jail sees the mounts of its plan only", mounts_nothing_else },
	{ "a command gets three descriptors", leaves_no_descriptor_open },
	{ "root in a jail owns its idmapped root", owns_its_root },
	{ "a command has the capabilities of the plan and no others", limits_capabilities },
	{ "init has no capability that it does not need", limits_init },
	{ "a command gets environment, limits, umask and directory of the plan",
	  sets_environment_and_limits },
	{ "a limit that may not be raised is a warning", warns_of_limits_that_may_not_be_raised },
	{ "a jail's clocks are shifted", shifts_clocks },
	{ "masked paths are empty, read-only ones refuse writing", hides_and_protects },
	{ "kernel parameters are set below the jail's own /proc", sets_sysctls },
	{ "host directories are bound, mapped and limited", binds_host_directories },
	{ "a root is made read-only after its mount points", makes_its_root_read_only },
	{ "a jail without /dev reads nothing from stdin", does_without_a_dev },
	{ "a command runs as the user of the jail's passwd", runs_as_a_user },
	{ "a fifo as passwd is refused", is_not_held_up_by_a_fifo },
	{ "a missing user is named", names_a_missing_user },
	{ "a missing root is named", names_a_missing_root },
	{ "a root that is a file is named", names_a_root_that_is_a_file },
	{ "a jail that could not be built stays until it may be told of", stays_until_it_may_be_told_of },
	{ "a jail is built of what is there at `go` where asked", is_built_late_where_asked },
	{ "a link on the way to a target is an error", does_not_follow_links },
	{ "a dev that is a link is an error", does_not_follow_a_dev_that_is_a_link },
	{ "links in a file system of the plan are replaced", replaces_links_it_mounted_over },
	{ "a file system that cannot be idmapped is named", names_a_file_system_that_cannot_be_mapped },
	{ "a filter is loaded with and without no_new_privs", loads_a_filter },
	{ NULL, NULL },
};
