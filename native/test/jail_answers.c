#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A jail as jaild plans it, as far as mounts matter. */
static void prepare(struct jail *jail)
{
	jail_prepare(jail);
	plan_usual(jail);
	plan_add(jail, "mask", "proc/version", "mask", "proc/fs", "readonly", "proc/sys", NULL);
}

static void allow_mounts(struct jail *jail)
{
	plan_add(jail, "answer.mount", "bind", "bind", "nosuid,nodev", NULL);
	plan_add(jail, "answer.mount", "nullfs", "bind", "nosuid,nodev", NULL);
	plan_add(jail, "answer.mount", "tmpfs", "tmpfs", "nosuid,nodev,size=1m,nr_inodes=64", NULL);
	plan_add(jail, "answer.mount", "proc", "/proc", "", NULL);
}

/* Runs `script`, and compares what it has written. */
static void expect_output(struct jail *jail, const char *script, const char *expected)
{
	struct event e;

	plan_add(jail, "run", "command", "0", "3", "/bin/sh", "-c", script, NULL);
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
	expect_output(&jail, "hostname other.example; hostname; uname -n",
		      "other.example\nother.example\n");
}

static void names_it_for_root_only(void)
{
	struct jail jail;

	prepare(&jail);
	plan_add(&jail, "answer.hostname", "yes", "user", "7:7", NULL);
	expect_output(&jail, "hostname other 2>&1; hostname",
		      "hostname: sethostname: Operation not permitted\nweb.example\n");
}

static void shows_another_release(void)
{
	struct jail jail;

	prepare(&jail);
	plan_add(&jail, "answer.release", "14.2-RELEASE", "user", "7:7", NULL);
	expect_output(&jail, "uname -srn", "Linux web.example 14.2-RELEASE\n");
}

static void needs_no_new_privs_for_nothing(void)
{
	struct jail jail;

	jail_prepare(&jail);
	plan_usual(&jail);
	/* "no_new_privs" is the only key of that size: the plan says nothing of it then. */
	for (size_t i = 0; i + 12 < jail.plan_size; i++)
		if (memcmp(jail.plan + i, "no_new_privs\0yes", 16) == 0)
			memcpy(jail.plan + i, "env\0A=1234567890", 16);
	plan_add(&jail, "answer.release", "1.0", NULL);
	expect_output(&jail, "uname -r; grep NoNew /proc/self/status", "1.0\nNoNewPrivs:\t0\n");
}

static void mounts_a_tmpfs(void)
{
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail,
		      "exec 2>&1; mkdir /a; mount -t tmpfs -o size=50%,mode=711 none /a && stat -c %a /a;"
		      "mount -o remount,ro /a; touch /a/x; mount -o remount,rw,size=512k /a; touch /a/x;"
		      "mount -o remount,size=1g,nr_inodes=0 /a; grep -o ' /a tmpfs [a-z,]*,size=[0-9a-z]*,nr_inodes=[0-9]*' /proc/mounts;"
		      "mount -t tmpfs -o huge=always none /a; umount /a; umount /a; ls /a",
		      "711\ntouch: /a/x: Read-only file system\n"
		      " /a tmpfs rw,nosuid,nodev,relatime,size=1024k,nr_inodes=64\n"
		      "mount: mounting none on /a failed: Invalid argument\n"
		      "umount: can't unmount /a: Invalid argument\n");
}

static void keeps_what_hides(void)
{
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail,
		      "exec 2>&1; mkdir /a; mount -t proc proc /a; cat /a/version; ls /a/fs; ls /a/self/comm;"
		      "umount /a/fs 2>/dev/null || umount -l /a/version 2>/dev/null || echo locked;"
		      "touch /a/sys/kernel/panic; cd /a; umount /a; cat version; ls fs; touch sys/kernel/panic;"
		      "cd /; ls /a; mount --bind /proc /a; cat /a/version; cd /a; umount -l /a; cat version",
		      "/a/self/comm\nlocked\ntouch: /a/sys/kernel/panic: Read-only file system\n"
		      "touch: sys/kernel/panic: Read-only file system\n");
}

static void refuses_the_plans_mounts(void)
{
	static const char script[] =
		"exec 2>/dev/null; t() { \"$@\" && echo \"$@\"; };"
		"t umount /proc/version; t umount -l /proc/fs; t umount -l /proc; t umount /dev; t umount /;"
		"t mount -o remount,rw /proc/sys; t mount -o remount,bind,rw /proc/sys;"
		"t mount -o remount,size=1g /dev; t mount -t tmpfs none /proc; t mount -t tmpfs none /;"
		"t mount -t tmpfs none /proc/sys; t mount --move /dev/pts /tmp; t mount --make-shared /;"
		"t mount -t sysfs none /sys; t mount -t ext4 /dev/null /tmp; t mount -t tmpfs none /absent;"
		"t mount --bind /absent /tmp; t mount --bind /bin /bin/busybox; echo end";
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail, script, "end\n");
}

static void lets_go_of_mounts(void)
{
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail,
		      "exec 2>&1; mkdir /a; for i in $(seq 50); do mount -t tmpfs none /a;"
		      "mount -o remount,ro /a; umount /a; mount --bind /bin /a; mount --bind /a /tmp;"
		      "umount /a; umount /tmp; done; mount | grep -E -c ' /(a|tmp) '", "0\n");
}

static void takes_back_all_places(void)
{
	struct jail jail;

	prepare(&jail);
	allow_mounts(&jail);
	expect_output(&jail,
		      "exec 2>&1; mkdir /a; mount -t tmpfs none /a; mkdir /a/b;"
		      "for i in $(seq 254); do mount -t tmpfs none /a/b || exit 1; done;"
		      "mount -t tmpfs none /tmp; mount -t tmpfs none /root; umount -l /a; "
		      "mount -t tmpfs none /root && echo room",
		      "mount: mounting none on /root failed: No space left on device\nroom\n");
}

/* The helper's first step is to enter the cgroup: a pipe that nobody reads makes it wait there. */
static void does_not_wait_for_ever(void)
{
	struct jail jail;
	struct timespec begin, end;
	char pipe[128];
	struct event e;
	int reader;

	prepare(&jail);
	snprintf(pipe, sizeof(pipe), "%s/pipe", jail.dir);
	check(mkfifo(pipe, 0600) == 0);
	reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	plan_add(&jail, "answer.hostname", "yes", "cgroup.procs", pipe, NULL);
	plan_add(&jail, "run", "start", "0", "1", "true", NULL);
	plan_add(&jail, "run", "command", "0", "3", "sh", "-c",
		 "sleep 1; (sleep 1; echo logged) & hostname new 2>&1; wait; sleep 1; hostname a; hostname",
		 NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	close(reader);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (strstr(file_text(jail.dir, "log"), "logged") == NULL)
		usleep(10000);
	clock_gettime(CLOCK_MONOTONIC, &end);
	check(end.tv_sec - begin.tv_sec < 6);
	while (strstr(file_text(jail.dir, "log"), "timed out") == NULL)
		usleep(10000);
	reader = open(pipe, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	check(jail_await(&jail, "exited", &e));
	check_text(file_text(jail.dir, "log"),
		   "logged\nhostname: sethostname: Connection timed out\na\n");
	close(reader);
	check(jail_end(&jail) == 0);
}

/* A jail that asks and asks keeps neither its log nor the monitor from being served. */
static void answers_a_flood(void)
{
	struct jail jail;
	struct event e;

	prepare(&jail);
	plan_add(&jail, "answer.release", "1.0", NULL);
	plan_add(&jail, "run", "command", "0", "3", "sh", "-c",
		 "for i in 1 2 3 4 5 6 7 8; do (while :; do uname -r > /dev/null; done) & done;"
		 "sleep 0.3; echo still here; wait", NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	while (strstr(file_text(jail.dir, "log"), "still here\n") == NULL)
		usleep(10000);
	jail_say(jail.monitor, "kill", NULL);
	check(jail_await(&jail, "exited", &e));
	check(jail_end(&jail) == 0);
}

const struct test answers_tests[] = {
	{ "root in a jail sets its host name", names_the_jail },
	{ "other users of a jail do not", names_it_for_root_only },
	{ "uname shows the release of the plan, to everyone", shows_another_release },
	{ "calls are answered without no_new_privs", needs_no_new_privs_for_nothing },
	{ "a jail mounts, changes and unmounts a tmpfs of bounded size", mounts_a_tmpfs },
	{ "a copy of /proc hides what /proc hides, also when it is taken away", keeps_what_hides },
	{ "what the plan has mounted is not unmounted, changed or covered", refuses_the_plans_mounts },
	{ "a mount is not in use by the one who has made it", lets_go_of_mounts },
	{ "mounts that have gone make room for others", takes_back_all_places },
	{ "a helper that hangs is ended, and nobody else waits for it", does_not_wait_for_ever },
	{ "a flood of calls does not hold up the log or an end", answers_a_flood },
	{ NULL, NULL },
};
