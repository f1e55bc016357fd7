/* What the entering process could bring along: descriptors, variables, groups, capabilities, a terminal. */
#include "probe.h"

#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

extern char **environ;

PROBE("1.descriptors", CRITICAL, descriptors_beyond_the_three)
{
	char link[64], target[256];

	for (int fd = 3; fd < 1024; fd++) {
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
		n = readlink(link, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		fail("descriptor %d: %s", fd, target);
	}
}

PROBE("1.descriptors", CRITICAL, descriptors_directories)
{
	struct stat seen;

	for (int fd = 0; fd < 3; fd++)
		if (fstat(fd, &seen) == 0 && S_ISDIR(seen.st_mode))
			fail("descriptor %d is a directory", fd);
}

PROBE("1.descriptors", CRITICAL, cwd_in_root)
{
	char path[4096];

	if (syscall(SYS_getcwd, path, sizeof(path)) < 0 || path[0] != '/')
		fail("getcwd says %.200s", path);
}

PROBE("1.environment", HIGH, environment_names)
{
	static const char *const known[] = { "PATH", "HOME", "SHELL", "USER", "LOGNAME", "TERM", "JNAME", "JID", "JPATH", "PWD", "SHLVL", "OLDPWD", "_", "LANG" };

	for (char **variable = environ; *variable != NULL; variable++) {
		size_t length = strcspn(*variable, "="), i = 0;

		while (i < sizeof(known) / sizeof(known[0]) && (strlen(known[i]) != length || strncmp(known[i], *variable, length) != 0))
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			fail("%.100s", *variable);
	}
}

PROBE("3.information", LOW, environment_host_path)
{
	for (char **variable = environ; *variable != NULL; variable++)
		if (strstr(*variable, host("root")) != NULL)
			fail("%.200s", *variable);
}

PROBE("1.environment", HIGH, groups)
{
	gid_t groups[64];
	int count = getgroups(64, groups);

	for (int i = 0; i < count; i++)
		if (groups[i] != 0)
			fail("group %u", groups[i]);
}

static void status_is(const struct probe *probe)
{
	const char *seen = status_field(probe->name);

	if (strcmp(seen, probe->text) != 0)
		fail("%s: %s", probe->name, seen);
}

#define STATUS(class_, weight_, id, value)                                                       \
	ENTER(status_##id, .name = #id, .class = class_, .weight = weight_, .run = status_is, .text = value)

STATUS("1.environment", HIGH, CapInh, "0000000000000000")
STATUS("1.environment", HIGH, CapAmb, "0000000000000000")
STATUS("1.environment", HIGH, NoNewPrivs, "1")
STATUS("3.interfaces", CRITICAL, Seccomp, "2")
STATUS("1.environment", MEDIUM, SigBlk, "0000000000000000")
STATUS("1.environment", MEDIUM, SigIgn, "0000000000000000")
STATUS("1.environment", MEDIUM, Umask, "0022")
STATUS("1.environment", LOW, TracerPid, "0")

PROBE("3.capabilities", HIGH, bounding_matches_permitted)
{
	char bounding[32];

	snprintf(bounding, sizeof(bounding), "%s", status_field("CapBnd"));
	if (strcmp(bounding, status_field("CapPrm")) != 0)
		fail("CapBnd %s CapPrm %s", bounding, status_field("CapPrm"));
}

static void no_capability(const struct probe *probe)
{
	if (prctl(PR_CAPBSET_READ, probe->numbers[0], 0, 0, 0) > 0)
		fail("capability %ld is in the bounding set", probe->numbers[0]);
	if (strtoull(status_field("CapEff"), NULL, 16) >> probe->numbers[0] & 1)
		fail("capability %ld is effective", probe->numbers[0]);
}

#define NO_CAP(weight_, id, number)                                                              \
	ENTER(cap_##id, .name = "cap_" #id, .class = "3.capabilities", .weight = weight_,        \
	      .run = no_capability, .numbers = { number })

NO_CAP(CRITICAL, dac_read_search, 2) NO_CAP(MEDIUM, linux_immutable, 9) NO_CAP(HIGH, net_admin, 12) NO_CAP(HIGH, net_raw, 13)
NO_CAP(LOW, ipc_lock, 14) NO_CAP(LOW, ipc_owner, 15) NO_CAP(CRITICAL, sys_module, 16) NO_CAP(CRITICAL, sys_rawio, 17)
NO_CAP(HIGH, sys_ptrace, 19) NO_CAP(LOW, sys_pacct, 20) NO_CAP(CRITICAL, sys_admin, 21) NO_CAP(HIGH, sys_boot, 22)
NO_CAP(MEDIUM, sys_nice, 23) NO_CAP(MEDIUM, sys_resource, 24) NO_CAP(HIGH, sys_time, 25) NO_CAP(LOW, sys_tty_config, 26)
NO_CAP(HIGH, mknod, 27) NO_CAP(LOW, lease, 28) NO_CAP(LOW, audit_write, 29) NO_CAP(MEDIUM, audit_control, 30)
NO_CAP(MEDIUM, mac_override, 32) NO_CAP(MEDIUM, mac_admin, 33) NO_CAP(MEDIUM, syslog, 34) NO_CAP(LOW, wake_alarm, 35)
NO_CAP(LOW, block_suspend, 36) NO_CAP(LOW, audit_read, 37) NO_CAP(HIGH, perfmon, 38) NO_CAP(HIGH, bpf, 39)
NO_CAP(HIGH, checkpoint_restore, 40)

PROBE("1.terminal", HIGH, terminal_of_caller)
{
	if (open("/dev/tty", O_RDWR | O_NOCTTY) >= 0 && !isatty(0))
		fail("a controlling terminal without a terminal of its own");
}

PROBE("1.terminal", HIGH, session_within)
{
	/* A session or group made outside has no number here. */
	if (getsid(0) == 0)
		fail("the session is of the host");
}

PROBE("1.terminal", MEDIUM, process_group_within)
{
	char text[512];
	int parent, group, session;

	slurp("/proc/self/stat", text, sizeof(text));
	if (sscanf(strrchr(text, ')'), ") %*c %d %d %d", &parent, &group, &session) == 3 && (group == 0 || session == 0))
		fail("group %d, session %d", group, session);
}

PROBE("1.environment", LOW, scheduling)
{
	/* musl answers for sched_getscheduler by itself. */
	long policy = syscall(SYS_sched_getscheduler, 0);

	if (policy != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) != 0)
		fail("policy %ld, nice %d", policy, getpriority(PRIO_PROCESS, 0));
	if (prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) != 50000)
		fail("timer slack %d", prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0));
}

PROBE("1.environment", LOW, io_priority)
{
	long priority = syscall(SYS_ioprio_get, 1, 0);

	if (priority >> 13 == 1)
		fail("real time I/O priority");
}

PROBE("1.environment", LOW, securebits_and_death_signal)
{
	int signal = 0;

	prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
	if (signal != 0 || prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) != 0 || prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0) != 0)
		fail("death signal %d, securebits %d", signal, prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
}

PROBE("1.environment", LOW, personality_plain)
{
	char text[32];

	slurp("/proc/self/personality", text, sizeof(text));
	if (strcmp(text, "00000000\n") != 0)
		fail("personality %s", text);
}

PROBE("1.environment", MEDIUM, processor_set)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) != atoi(host("processors")))
		fail("%d processors", CPU_COUNT(&set));
}

PROBE("1.environment", MEDIUM, pending_timers)
{
	char text[512];

	if (slurp("/proc/self/timers", text, sizeof(text)) > 0)
		fail("a timer: %s", text);
}

PROBE("1.environment", LOW, subreaper)
{
	int is = 0;

	prctl(PR_GET_CHILD_SUBREAPER, &is, 0, 0, 0);
	if (is)
		fail("is a subreaper");
}
