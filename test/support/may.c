/*
 * may WHAT...: tries each WHAT, and prints "WHAT yes", or "WHAT ERRNO" for a refusal. A try that
 * would change the host asks for something that no kernel does, so that EINVAL means yes.
 */
#define _GNU_SOURCE
#include "attempt.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <net/route.h>
#include <netinet/in.h>
#include <time.h>

static long unless(long result, int error)
{
	return result < 0 && errno == error ? 0 : result;
}

static long adjust_clock(void)
{
	struct timex t = { .modes = ADJ_TICK, .tick = 1 };

	return unless(adjtimex(&t), EINVAL);
}

static long set_clock(void)
{
	struct timespec t = { 0, 0 };

	return unless(syscall(SYS_clock_settime, CLOCK_MONOTONIC, &t), EINVAL);
}

static long send_audit(void)
{
	return socket(AF_NETLINK, SOCK_RAW, 9);
}

static long set_immutable(void)
{
	int flags, fd = open("/tmp/immutable", O_RDONLY | O_CREAT, 0600);
	long result;

	if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
		return -1;
	flags |= FS_IMMUTABLE_FL;
	result = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	flags &= ~FS_IMMUTABLE_FL;
	if (result == 0)
		ioctl(fd, FS_IOC_SETFLAGS, &flags);
	return result;
}

static long lock_memory(void)
{
	size_t size = 1 << 20;
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mlock(at, size);
}

static long read_messages(void)
{
	return syscall(SYS_syslog, 10, NULL, 0);
}

static long open_raw_socket(void)
{
	return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
}

static long open_packet_socket(void)
{
	return socket(AF_PACKET, SOCK_DGRAM, 0);
}

static long bind_reserved_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(99),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static long add_route(void)
{
	struct rtentry route = { .rt_flags = RTF_UP, .rt_dev = "lo" };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000200) };
	struct sockaddr_in mask = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xffffff00) };

	memcpy(&route.rt_dst, &to, sizeof(to));
	memcpy(&route.rt_genmask, &mask, sizeof(mask));
	return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCADDRT, &route);
}

static long become_other(void)
{
	return setuid(33);
}

static long trace(void)
{
	int status;
	long result;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	result = ptrace(PTRACE_SEIZE, pid, 0, 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return result;
}

static long make_messages(void)
{
	int id = msgget(IPC_PRIVATE, 0600);

	return id < 0 ? id : msgctl(id, IPC_RMID, NULL);
}

static long make_semaphores(void)
{
	int id = semget(IPC_PRIVATE, 1, 0600);

	return id < 0 ? id : semctl(id, 0, IPC_RMID);
}

static long make_memory(void)
{
	int id = shmget(IPC_PRIVATE, 4096, 0600);

	return id < 0 ? id : shmctl(id, IPC_RMID, NULL);
}

static long open_kvm(void)
{
	return open("/dev/kvm", O_RDWR);
}

static long rename_host(void)
{
	return sethostname("may", 3);
}

static long load_module(void)
{
	/* ENOSYS: a kernel without modules. */
	return unless(unless(syscall(SYS_delete_module, "no-such-module", O_NONBLOCK), ENOENT), ENOSYS);
}

static long id_of_host(void)
{
	printf("%08lx ", gethostid() & 0xffffffffUL);
	return 0;
}

/* Prints how many user namespaces there may be at once. */
static long count_children(void)
{
	pid_t children[20];
	int count = 0, ends[2];
	char answer;

	for (int i = 0; i < 20; i++) {
		if (pipe(ends) < 0)
			return -1;
		children[i] = fork();
		if (children[i] == 0) {
			if (write(ends[1], unshare(CLONE_NEWUSER) == 0 ? "y" : "n", 1) == 1)
				pause();
			_exit(0);
		}
		if (read(ends[0], &answer, 1) == 1 && answer == 'y')
			count++;
	}
	for (int i = 0; i < 20; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
	printf("%d ", count);
	return 0;
}

/* The kernel gives the places of namespaces that are gone back a little later. */
static int become_child(void)
{
	int result = -1;

	for (int i = 0; i < 200 && result < 0; i++) {
		result = unshare(CLONE_NEWUSER | CLONE_NEWNS);
		if (result < 0 && errno != ENOSPC)
			break;
		usleep(result < 0 ? 10000 : 0);
	}
	return result;
}

static long mount_in_child(void)
{
	if (become_child() < 0)
		return -1;
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long mount_here(void)
{
	return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long uncover_in_child(void)
{
	if (become_child() < 0)
		return -1;
	return umount2("/proc/sys", MNT_DETACH);
}

#define TRY(name) { #name, name }

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
	TRY(adjust_clock), TRY(set_clock), TRY(send_audit), TRY(set_immutable),
	TRY(lock_memory), TRY(read_messages), TRY(open_raw_socket), TRY(open_packet_socket), TRY(add_route),
	TRY(bind_reserved_port), TRY(become_other), TRY(trace),
	TRY(make_messages), TRY(make_semaphores), TRY(make_memory), TRY(open_kvm), TRY(rename_host),
	TRY(load_module), TRY(id_of_host), TRY(count_children), TRY(mount_in_child), TRY(mount_here),
	TRY(uncover_in_child),
};

static void report(const char *name, int status)
{
	if (WIFSIGNALED(status))
		printf("%s signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 0)
		printf("%s yes\n", name);
	else
		printf("%s %s\n", name, strerrorname_np(WEXITSTATUS(status)));
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (size_t t = 0; t < sizeof(tries) / sizeof(tries[0]); t++)
			if (strcmp(argv[i], tries[t].name) == 0)
				report(argv[i], attempt(tries[t].call));
	return 0;
}
