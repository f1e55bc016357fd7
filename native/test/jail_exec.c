#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

/* A jail in which `sleep` runs, ready to be entered. */
static void running(struct jail *jail)
{
	jail_prepare(jail);
	plan_usual(jail);
	jail_run(jail, "exec sleep 1000");
}

/* stdin and stderr: /dev/null; stdout: the returned pipe. */
static int client_streams(int fds[3])
{
	int ends[2];

	check(pipe2(ends, O_CLOEXEC) == 0);
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[1] = ends[1];
	fds[2] = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return ends[0];
}

static void close_all(const int fds[3])
{
	for (int i = 0; i < 3; i++)
		close(fds[i]);
}

/* Reads until the end (EIO of a terminal, too). */
static const char *read_all(int fd)
{
	static char text[65536];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)n;
	text[used] = '\0';
	close(fd);
	return text;
}

/* Reads as many bytes as `expected` has, which they must be. */
static void expect_bytes(int fd, const char *expected)
{
	char text[256] = "";
	size_t used = 0;

	while (used < strlen(expected)) {
		ssize_t n = read(fd, text + used, strlen(expected) - used);

		check(n > 0);
		used += (size_t)n;
	}
	check_text(text, expected);
}

static void expect_last(int client, const char *expected)
{
	struct event e;

	expect_event(client, expected);
	check(!jail_event(client, &e));
	close(client);
}

/* A client of ours has a shell run the script, on a terminal or on its streams. */
static int start_script(struct jail *jail, const int fds[3], const char *terminal, const char *script)
{
	return jail_client(jail, fds, "exec", "", "", terminal, "no", "3", "sh", "-c", script, "0", NULL);
}

static void runs_with_the_clients_streams(void)
{
	struct jail jail;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = jail_client(&jail, fds, "exec", "", "/tmp", "no", "no", "3", "sh", "-c",
			     "hostname; pwd; echo $A $TERM; id -u; "
			     "grep -E '^(Cap|NoNew)' /proc/self/status | cat; ls /proc/$$/fd; "
			     "cat /proc/self/cgroup >/dev/null; exit 6",
			     "2", "A=b", "TERM=xterm", NULL);
	close_all(fds);
	check_text(read_all(out), "web.example\n/tmp\nb xterm\n0\n"
		   "CapInh:\t0000000000000000\nCapPrm:\t00000000a80425fb\n"
		   "CapEff:\t00000000a80425fb\nCapBnd:\t00000000a80425fb\n"
		   "CapAmb:\t0000000000000000\nNoNewPrivs:\t1\n0\n1\n2\n");
	expect_last(client, "status exit 6");
	jail_kill(&jail);
}

static void names_what_cannot_run(void)
{
	struct jail jail;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = jail_client(&jail, fds, "exec", "", "", "no", "no", "1", "absent", "0", NULL);
	expect_last(client, "error exec absent 2");
	client = jail_client(&jail, fds, "exec", "nobody", "", "no", "no", "1", "true", "0", NULL);
	expect_last(client, "error user nobody 2");
	client = jail_client(&jail, fds, "exec", "", "/absent", "no", "no", "1", "true", "0", NULL);
	expect_last(client, "error workdir /absent 2");
	client = jail_client(&jail, fds, "exec", "", "", "no", "no", "9", "true", "0", NULL);
	expect_last(client, "error exec web 22");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void runs_as_another_user(void)
{
	struct jail jail;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = jail_client(&jail, fds, "exec", "7:8", "", "no", "no", "3", "sh", "-c",
			     "id; grep ^CapEff /proc/self/status", "0", NULL);
	close_all(fds);
	check_text(read_all(out), "uid=7 gid=8 groups=8\nCapEff:\t0000000000000000\n");
	expect_last(client, "status exit 0");
	jail_kill(&jail);
}

static void runs_on_a_terminal(void)
{
	struct jail jail;
	struct event e;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = start_script(&jail, fds, "yes", "tty; stat -c %t:%T /dev/tty >/dev/null && echo hi > /dev/tty; exit 3");
	check(jail_event(client, &e));
	check_text(e.fields[0], "pty");
	check(e.right >= 0);
	check_text(read_all(e.right), "/dev/pts/0\r\nhi\r\n");
	expect_last(client, "status exit 3");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void hangs_up_a_terminal(void)
{
	struct jail jail;
	struct event e;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = jail_client(&jail, fds, "exec", "", "", "yes", "no", "2", "sleep", "1000", "0", NULL);
	check(jail_event(client, &e));
	close(e.right);
	expect_last(client, "status signal 1");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void passes_signals_on(void)
{
	struct jail jail;
	int fds[3], out, client;
	char up[3];

	running(&jail);
	out = client_streams(fds);
	client = start_script(&jail, fds, "no", "trap 'exit 8' USR1; echo up; while :; do sleep 0.05; done");
	check(read(out, up, 3) == 3);
	jail_say(client, "signal", "10", NULL);
	expect_last(client, "status exit 8");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void runs_for_the_monitor(void)
{
	struct jail jail;

	running(&jail);
	jail_say(jail.monitor, "exec", "check-1", "0", "", "", "no", "no", "3", "sh", "-c",
		 "cat; echo logged; exit 2", "0", NULL);
	jail_expect(&jail, "exec.exit", "exec.exit check-1 exit 2");
	jail_say(jail.monitor, "exec", "check-2", "1", "", "", "no", "no", "2", "sleep", "100", "0", NULL);
	jail_expect(&jail, "exec.exit", "exec.exit check-2 timeout 1");
	jail_say(jail.monitor, "exec", "check-3", "1", "", "", "no", "no", "1", "absent", "0", NULL);
	jail_expect(&jail, "exec.exit", "exec.exit check-3 error 2");
	for (int i = 0; i < 6000 && strcmp(file_text(jail.dir, "log"), "logged\n") != 0; i++)
		usleep(10000);
	check_text(file_text(jail.dir, "log"), "logged\n");
	jail_kill(&jail);
}

static void has_a_limit(void)
{
	struct jail jail;
	int fds[3], out, clients[64], late;
	char up;

	running(&jail);
	out = client_streams(fds);
	for (int i = 0; i < 64; i++)
		clients[i] = start_script(&jail, fds, "no", "echo; sleep 1000");
	for (int i = 0; i < 64; i++)
		check(read(out, &up, 1) == 1);
	late = jail_client(&jail, fds, "exec", "", "", "no", "no", "1", "true", "0", NULL);
	expect_last(late, "error exec.limit web 11");
	jail_say(jail.monitor, "kill", NULL);
	for (int i = 0; i < 64; i++) {
		struct event e;

		check(jail_event(clients[i], &e));
		check_text(e.fields[0], "status");
		close(clients[i]);
	}
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

/* Where this host has its hierarchies: hybrid, or v2 alone. */
static const char *v2_root(void)
{
	return access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0 ? "/sys/fs/cgroup/unified" :
									  "/sys/fs/cgroup";
}

static bool has_v1_pids(void)
{
	return access("/sys/fs/cgroup/pids/cgroup.procs", F_OK) == 0;
}

/* Of a process on the host: is it in our cgroups? */
static bool in_our_cgroups(pid_t pid)
{
	char dir[64], ours[64];
	const char *text;

	snprintf(dir, sizeof(dir), "/proc/%d", pid);
	text = file_text(dir, "cgroup");
	snprintf(ours, sizeof(ours), ":pids:/jailer-test-%d\n", getpid());
	if (has_v1_pids() && strstr(text, ours) == NULL)
		return false;
	snprintf(ours, sizeof(ours), "0::/jailer-test-%d\n", getpid());
	return strstr(text, ours) != NULL;
}

static void stays_in_its_cgroups(void)
{
	struct jail jail;
	struct event e;
	char v1[96], v1_procs[128], v2[96];
	int fds[3], out, client;

	snprintf(v1, sizeof(v1), "/sys/fs/cgroup/pids/jailer-test-%d", getpid());
	snprintf(v1_procs, sizeof(v1_procs), "%s/cgroup.procs", v1);
	snprintf(v2, sizeof(v2), "%s/jailer-test-%d", v2_root(), getpid());
	check(!has_v1_pids() || mkdir(v1, 0755) == 0);
	check(mkdir(v2, 0755) == 0);
	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "cgroup.v2", v2, "run", "command", "0", "2", "sleep", "1000", NULL);
	if (has_v1_pids())
		plan_add(&jail, "cgroup.procs", v1_procs, NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	check(in_our_cgroups(jail.init) && in_our_cgroups(atoi(e.fields[1])));
	out = client_streams(fds);
	client = start_script(&jail, fds, "no", "grep -E ':(pids)?:' /proc/self/cgroup | busybox cut -d: -f2-");
	close_all(fds);
	check_text(read_all(out), has_v1_pids() ? "pids:/\n:/\n" : ":/\n");
	expect_last(client, "status exit 0");
	jail_kill(&jail);
	check(rmdir(v2) == 0);
	check(!has_v1_pids() || rmdir(v1) == 0);
}

static void ends_with_the_jail(void)
{
	struct jail jail;
	int fds[3], out, client;
	char up[3];

	running(&jail);
	out = client_streams(fds);
	client = start_script(&jail, fds, "no", "echo up; sleep 1000");
	check(read(out, up, 3) == 3);
	jail_say(jail.monitor, "kill", NULL);
	expect_last(client, "status signal 9");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void runs_before_the_jail_does(void)
{
	struct jail jail;
	struct event e;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "run", "start", "0", "2", "sleep", "1", NULL);
	plan_add(&jail, "run", "command", "0", "2", "sleep", "1000", NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "built", &e));
	jail_say(jail.monitor, "exec", "early", "0", "", "", "no", "no", "1", "true", "0", NULL);
	expect_event(jail.monitor, "exec.exit early exit 0");
	check(jail_await(&jail, "running", &e));
	jail_kill(&jail);
}

static void keeps_the_jail(void)
{
	static const char *const expected[] = { "main exit 0", "exec.exit long exit 3", "exited exit 0" };
	struct jail jail;
	struct event e;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "run", "command", "0", "2", "sleep", "0.3", NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	jail_say(jail.monitor, "exec", "long", "0", "", "", "no", "no", "3", "sh", "-c",
		 "sleep 0.8; exit 3", "0", NULL);
	for (int i = 0; i < 3; i++) {
		expect_event(jail.monitor, expected[i]);
	}
	check(jail_end(&jail) == 0);
}

static void is_a_child_of_init(void)
{
	struct jail jail;
	int fds[3], out, client;

	running(&jail);
	out = client_streams(fds);
	client = jail_client(&jail, fds, "exec", "", "", "no", "no", "3", "grep", "^PPid",
			     "/proc/self/status", "0", NULL);
	close_all(fds);
	check_text(read_all(out), "PPid:\t1\n");
	expect_last(client, "status exit 0");
	jail_kill(&jail);
}

static void survives_clients_that_vanish(void)
{
	struct jail jail;
	struct event e;
	int fds[3], out;

	running(&jail);
	out = client_streams(fds);
	for (int i = 0; i < 50; i++) {
		close(jail_client(&jail, fds, "exec", "", "", "no", "no", "1", "true", "0", NULL));
		close(jail_client(&jail, fds, "exec", "", "", i % 2 ? "yes" : "no", "no", NULL));
		close(jail_client(&jail, NULL, "nonsense", NULL));
		close(jail_client(&jail, NULL, "exec", "", NULL));
	}
	jail_say(jail.monitor, "exec", "x", "0", "", "", "no", "no", "1", "true", "0", NULL);
	check(jail_await(&jail, "exec.exit", &e));
	check_text(e.fields[2], "exit");
	close_all(fds);
	close(out);
	jail_kill(&jail);
}

static void foreground(struct jail *jail, bool terminal, const char *script)
{
	jail_prepare(jail);
	plan_usual(jail);
	plan_add(jail, "foreground", "yes", terminal ? "terminal" : NULL, "yes", NULL);
	plan_add(jail, "run", "start", "0", "3", "sh", "-c", "echo first", NULL);
	plan_add(jail, "run", "command", "0", "3", "sh", "-c", script, NULL);
	jail_start(jail, true);
}

static void runs_in_the_foreground(void)
{
	struct jail jail;
	struct event e;
	int fds[3], out, client, in[2];

	foreground(&jail, false, "read a; echo got $a; exit 5");
	check(jail_await(&jail, "built", &e));
	out = client_streams(fds);
	close(fds[0]);
	check(pipe2(in, O_CLOEXEC) == 0);
	fds[0] = in[0];
	client = jail_client(&jail, fds, "attach", NULL);
	close_all(fds);
	check(write(in[1], "line\n", 5) == 5);
	check_text(read_all(out), "first\ngot line\n");
	close(in[1]);
	check(jail_await(&jail, "exited", &e));
	expect_last(client, "status exit 5");
	check(jail_end(&jail) == 0);
}

static void runs_in_the_foreground_on_a_terminal(void)
{
	struct jail jail;
	struct event e;
	int fds[3], out, client;

	foreground(&jail, true, "tty; read a < /dev/tty; echo got $a; exit 4");
	out = client_streams(fds);
	client = jail_client(&jail, fds, "attach", NULL);
	check(jail_event(client, &e));
	check_text(e.fields[0], "pty");
	/* The echo of what is typed comes where it is typed: only when the command waits for it. */
	expect_bytes(e.right, "first\r\n/dev/pts/0\r\n");
	check(write(e.right, "line\n", 5) == 5);
	check_text(read_all(e.right), "line\r\ngot line\r\n");
	expect_last(client, "status exit 4");
	check(jail_await(&jail, "exited", &e));
	close_all(fds);
	close(out);
	check(jail_end(&jail) == 0);
}

static void ends_when_the_attached_client_goes(void)
{
	struct jail jail;
	int fds[3], out, client;
	char first[6];

	foreground(&jail, false, "trap '' TERM HUP; sleep 1000");
	out = client_streams(fds);
	client = jail_client(&jail, fds, "attach", NULL);
	check(read(out, first, 6) == 6);
	expect_last(jail_client(&jail, fds, "attach", NULL), "error attach web 16");
	close(client);
	jail_expect(&jail, "exited", "exited signal 9");
	close_all(fds);
	close(out);
	check(jail_end(&jail) == 0);
}

const struct test exec_tests[] = {
	{ "exec has the client's streams and no more rights than start", runs_with_the_clients_streams },
	{ "exec names what cannot run", names_what_cannot_run },
	{ "exec runs as another user", runs_as_another_user },
	{ "exec runs on a terminal of the jail", runs_on_a_terminal },
	{ "a client that goes hangs up its terminal", hangs_up_a_terminal },
	{ "a client's signals reach its command", passes_signals_on },
	{ "the monitor's commands print to the log and have a time limit", runs_for_the_monitor },
	{ "there is a limit to commands at a time", has_a_limit },
	{ "a jail and exec are in the cgroups of the plan", stays_in_its_cgroups },
	{ "exec runs before the jail's own command does", runs_before_the_jail_does },
	{ "exec keeps the jail, and is not how it ended", keeps_the_jail },
	{ "exec is started by process 1", is_a_child_of_init },
	{ "a client hears of the jail's end", ends_with_the_jail },
	{ "clients that vanish or talk nonsense leave the jail alone", survives_clients_that_vanish },
	{ "a foreground jail has the streams of its client", runs_in_the_foreground },
	{ "a foreground jail runs on a terminal of its own", runs_in_the_foreground_on_a_terminal },
	{ "a foreground jail ends when its client goes", ends_when_the_attached_client_goes },
	{ NULL, NULL },
};
