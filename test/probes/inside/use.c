/* Using up what all share: each tries to take more than its share, and gives it back by ending. */
#include "probe.h"

#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

PROBE("5.creator", HIGH, inotify_instances)
{
	int count = 0, most = atoi(host("inotify"));

	while (count < most && inotify_init1(IN_CLOEXEC) >= 0)
		count++;
	if (count >= most)
		fail("%d instances, as many as the host's root", count);
}

static void quota_below(const struct probe *probe)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), "/proc/sys/user/%s", probe->text);
	if (slurp(path, text, sizeof(text)) == 0)
		return;
	if (atol(text) >= probe->numbers[0])
		fail("%s is %ld", probe->text, atol(text));
}

#define QUOTA(weight_, id, most)                                                                 \
	ENTER(quota_##id, .name = "quota_" #id, .class = "5.creator", .weight = weight_,         \
	      .run = quota_below, .text = "max_" #id, .numbers = { most })

QUOTA(HIGH, inotify_instances, 128) QUOTA(MEDIUM, inotify_watches, 190000) QUOTA(MEDIUM, fanotify_groups, 128)
QUOTA(MEDIUM, fanotify_marks, 200000) QUOTA(HIGH, user_namespaces, 1) QUOTA(MEDIUM, mnt_namespaces, 64)
QUOTA(MEDIUM, pid_namespaces, 64) QUOTA(MEDIUM, net_namespaces, 64) QUOTA(LOW, ipc_namespaces, 64)
QUOTA(LOW, uts_namespaces, 64) QUOTA(LOW, cgroup_namespaces, 64) QUOTA(LOW, time_namespaces, 64)

PROBE("5.creator", MEDIUM, terminals)
{
	int count = 0;
	struct rlimit files = { 20000, 20000 };

	setrlimit(RLIMIT_NOFILE, &files);
	while (count < 1200 && open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0)
		count++;
	if (count >= 1024)
		fail("%d terminals", count);
}

static void limited(const struct probe *probe)
{
	struct rlimit seen;

	getrlimit((int)probe->numbers[0], &seen);
	if (seen.rlim_max == RLIM_INFINITY || seen.rlim_max > (rlim_t)probe->numbers[1])
		fail("at most %lld", (long long)seen.rlim_max);
	errno = 0;
	seen.rlim_max++;
	if (setrlimit((int)probe->numbers[0], &seen) == 0)
		fail("the limit could be raised");
}

#define LIMIT(weight_, id, number, most)                                                         \
	ENTER(limit_##id, .name = "limit_" #id, .class = "5.limits", .weight = weight_,          \
	      .run = limited, .numbers = { number, most })

LIMIT(MEDIUM, open_files, RLIMIT_NOFILE, 1048576) LIMIT(HIGH, core, RLIMIT_CORE, 1) LIMIT(LOW, pending_signals, RLIMIT_SIGPENDING, 200000)
LIMIT(LOW, queue_bytes, RLIMIT_MSGQUEUE, 819200) LIMIT(MEDIUM, locked_memory, RLIMIT_MEMLOCK, 8388608 * 2)
LIMIT(HIGH, real_time, RLIMIT_RTPRIO, 0) LIMIT(MEDIUM, nice, RLIMIT_NICE, 20)

PROBE("5.priority", HIGH, real_time)
{
	struct sched_param most = { .sched_priority = 50 };

	/* musl answers for sched_setscheduler by itself. */
	expect_refused("SCHED_FIFO", syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &most));
	expect_refused("SCHED_RR", syscall(SYS_sched_setscheduler, 0, SCHED_RR, &most));
}

PROBE("5.priority", HIGH, deadline)
{
	struct { unsigned int size, policy; unsigned long flags; int nice; unsigned int priority; unsigned long run, dead, period; } attribute = {
		48, 6, 0, 0, 0, 1000000, 10000000, 10000000
	};

	expect_refused("SCHED_DEADLINE", syscall(SYS_sched_setattr, 0, &attribute, 0));
}

PROBE("5.priority", MEDIUM, nice_below_zero)
{
	expect_refused("nice -5", setpriority(PRIO_PROCESS, 0, -5));
}

PROBE("5.priority", MEDIUM, io_real_time)
{
	expect_refused("real time I/O", syscall(SYS_ioprio_set, 1, 0, 1 << 13));
}

PROBE("5.priority", MEDIUM, slack_and_alarm)
{
	timer_t timer;
	struct sigevent none = { .sigev_notify = SIGEV_NONE };

	expect_refused("an alarm that wakes the host", timer_create(CLOCK_BOOTTIME_ALARM, &none, &timer));
}

PROBE("5.memory", MEDIUM, huge_pages)
{
	void *page = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (page != MAP_FAILED)
		fail("a page of the host's huge ones");
}

PROBE("5.memory", MEDIUM, locked_memory_all)
{
	size_t bytes = 64 << 20;
	void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (mlock(pages, bytes) == 0)
		fail("64 MB were locked");
}

PROBE("5.memory", MEDIUM, pipe_size)
{
	int ends[2];

	if (pipe(ends) == 0 && fcntl(ends[0], 1031, 16 << 20) >= 0)
		fail("a pipe of 16 MB");
}

PROBE("5.creator", LOW, message_queues)
{
	char name[32];
	int count = 0;

	for (; count < 2000; count++) {
		snprintf(name, sizeof(name), "/queue%d", count);
		if (mq_open(name, O_CREAT | O_RDWR, 0600, NULL) < 0)
			break;
	}
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "/queue%d", i);
		mq_unlink(name);
	}
	if (count >= 1000)
		fail("%d queues", count);
}

PROBE("5.space", MEDIUM, shared_memory_files)
{
	char name[48];
	int count = 0, fd;

	/* Empty files cost no space, but memory of the kernel. */
	for (; count < 20000; count++) {
		snprintf(name, sizeof(name), "/dev/shm/file%d", count);
		fd = open(name, O_CREAT | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "/dev/shm/file%d", i);
		unlink(name);
	}
	if (count >= 20000)
		fail("%d empty files in /dev/shm, and no end", count);
}

PROBE("5.space", MEDIUM, shared_memory_size)
{
	int fd = open("/dev/shm/fill", O_CREAT | O_RDWR, 0600);
	long answer = posix_fallocate(fd, 0, 1L << 30);

	unlink("/dev/shm/fill");
	if (answer == 0)
		fail("1 GB in /dev/shm");
}

PROBE("5.space", MEDIUM, dev_files)
{
	int fd = open("/dev/fill", O_CREAT | O_RDWR, 0600);
	long answer = fd < 0 ? -1 : posix_fallocate(fd, 0, 1 << 20);

	unlink("/dev/fill");
	if (answer == 0)
		fail("1 MB in /dev");
}

PROBE("5.init", HIGH, orphans_are_reaped)
{
	char path[64], text[512];
	int ends[2];
	pid_t child = 0;

	if (pipe(ends) < 0)
		fail("pipe");
	if (fork() == 0) {
		pid_t grandchild = fork();

		if (grandchild == 0)
			_exit(0);
		if (write(ends[1], &grandchild, sizeof(grandchild)) < 0)
			_exit(1);
		_exit(0);
	}
	wait(NULL);
	if (read(ends[0], &child, sizeof(child)) != sizeof(child))
		fail("no orphan");
	for (int i = 0; i < 50; i++) {
		snprintf(path, sizeof(path), "/proc/%d/stat", child);
		if (slurp(path, text, sizeof(text)) == 0)
			return;
		usleep(10000);
	}
	fail("a zombie stays: %s", text);
}
