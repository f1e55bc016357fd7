/* What the entering process could bring along, and what process 1 gives away. */
#include "probe.h"

#include <dirent.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

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

PROBE("1.descriptors", HIGH, descriptors_of_process_1)
{
	if (opendir("/proc/1/fd") != NULL)
		fail("/proc/1/fd can be listed");
	for (int fd = 0; fd < 32; fd++) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/1/fd/%d", fd);
		if (open(path, O_RDONLY | O_NONBLOCK | O_PATH) >= 0)
			fail("%s can be opened", path);
	}
}

static void closed_file(const struct probe *probe)
{
	char byte, target[256];
	int fd = open(probe->text, O_RDONLY | O_NONBLOCK);

	if (readlink(probe->text, target, sizeof(target)) > 0)
		fail("the link %s can be read: %.100s", probe->text, target);
	if (fd >= 0 && (probe->numbers[0] || read(fd, &byte, 1) > 0))
		fail("%s can be read", probe->text);
}

#define CLOSED(weight_, id, path)                                                                \
	ENTER(init_##id, .name = "init_" #id, .class = "1.binary", .weight = weight_,            \
	      .run = closed_file, .text = path)

CLOSED(CRITICAL, exe, "/proc/1/exe") CLOSED(CRITICAL, root, "/proc/1/root") CLOSED(CRITICAL, cwd, "/proc/1/cwd")
CLOSED(CRITICAL, mem, "/proc/1/mem") CLOSED(HIGH, maps, "/proc/1/maps") CLOSED(HIGH, environ, "/proc/1/environ")
CLOSED(MEDIUM, auxv, "/proc/1/auxv") CLOSED(MEDIUM, stack, "/proc/1/stack") CLOSED(MEDIUM, syscall, "/proc/1/syscall")
CLOSED(HIGH, ns_mnt, "/proc/1/ns/mnt") CLOSED(HIGH, ns_user, "/proc/1/ns/user") CLOSED(MEDIUM, pagemap, "/proc/1/pagemap")
CLOSED(LOW, io, "/proc/1/io") CLOSED(LOW, personality, "/proc/1/personality") CLOSED(HIGH, task_root, "/proc/1/task/1/root")
CLOSED(HIGH, task_fd, "/proc/1/task/1/fd/3") CLOSED(MEDIUM, timers, "/proc/1/timers")
CLOSED(LOW, smaps, "/proc/1/smaps") CLOSED(LOW, numa_maps, "/proc/1/numa_maps") CLOSED(MEDIUM, mountstats, "/proc/1/mountstats")

PROBE("1.memory", CRITICAL, init_ptrace)
{
	expect_refused("ptrace of process 1", ptrace(PTRACE_SEIZE, 1, 0, 0));
}

PROBE("1.memory", CRITICAL, init_memory_written)
{
	char byte;
	struct iovec here = { &byte, 1 }, there = { (void *)0x400000, 1 };

	expect_refused("process_vm_readv of process 1", process_vm_readv(1, &here, 1, &there, 1, 0));
	if (errno != EPERM && errno != ENOSYS)
		fail("process_vm_readv answered %s", strerror(errno));
	if (process_vm_writev(1, &here, 1, &there, 1, 0) >= 0 || (errno != EPERM && errno != ENOSYS))
		fail("process_vm_writev answered %s", strerror(errno));
}

PROBE("1.memory", HIGH, init_descriptor_taken)
{
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);

	for (int fd = 0; fd < 16; fd++)
		expect_refused("pidfd_getfd of process 1", syscall(SYS_pidfd_getfd, pidfd, fd, 0));
}

PROBE("1.memory", HIGH, init_namespaces_by_pidfd)
{
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);

	/* PIDFD_GET_*_NAMESPACE, 1 to 10 (since 6.11). */
	for (unsigned int n = 1; pidfd >= 0 && n <= 10; n++)
		if (ioctl(pidfd, 0xff00 | n, 0) >= 0)
			fail("namespace %u of process 1", n);
}

PROBE("1.binary", HIGH, init_survives_kill)
{
	kill(1, SIGKILL);
	kill(1, SIGSTOP);
	usleep(20000);
	if (kill(1, 0) < 0)
		fail("process 1 is gone");
}

PROBE("1.binary", MEDIUM, init_limits_changed)
{
	struct rlimit none = { 4, 4 };

	if (prlimit(1, RLIMIT_NOFILE, NULL, &none) == 0 && none.rlim_max > 0)
		return;
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
