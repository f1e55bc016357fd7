/* Process 1 of the jail: its program, memory and descriptors are not the jail's. */
#include "probe.h"

#include <dirent.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>

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

PROBE("1.binary", LOW, init_limits_changed)
{
	struct rlimit same;

	expect_refused("reading a limit of process 1", prlimit(1, RLIMIT_NOFILE, NULL, &same));
}
