/*
 * What a process in a jail tries in order to get out, or to harm the host: each try is a child of its
 * own. Prints "NAME ANSWER" for each: the error's name, `signal N`, or OPEN where the kernel did it.
 * Nothing here changes the host even where it succeeds.
 */
#define _GNU_SOURCE
#include "attempt.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#define CALL(name, ...) static long name(void) { return syscall(__VA_ARGS__); }
#define FAMILY(name, family, type, protocol) \
	static long name(void) { return socket(family, type, protocol); }

struct handle {
	unsigned int bytes;
	int type;
	unsigned char id[16];
};

static struct handle root_handle = { 8, 1, { 2 } };
static struct handle nsfs_handle = { 16, 0xf1, { 0 } };
static uint64_t attributes[16];
static struct {
	uint64_t flags, rest[10];
} clone_user = { .flags = CLONE_NEWUSER };

CALL(call_open_by_handle, SYS_open_by_handle_at, AT_FDCWD, &root_handle, O_RDONLY)
CALL(call_open_nsfs, SYS_open_by_handle_at, -10003, &nsfs_handle, O_RDONLY)
CALL(call_unshare_user, SYS_unshare, CLONE_NEWUSER)
CALL(call_unshare_mount, SYS_unshare, CLONE_NEWNS)
CALL(call_unshare_net, SYS_unshare, CLONE_NEWNET)
CALL(call_unshare_time, SYS_unshare, 0x80)
CALL(call_clone_user, SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)
CALL(call_clone3, SYS_clone3, &clone_user, 64)
CALL(call_setns, SYS_setns, 0, 0)
CALL(call_mount, SYS_mount, "none", "/mnt", "tmpfs", 0, 0)
CALL(call_remount, SYS_mount, "none", "/proc/sys", 0, MS_REMOUNT | MS_BIND, 0)
CALL(call_umount, SYS_umount2, "/proc/sys", MNT_DETACH)
CALL(call_pivot_root, SYS_pivot_root, "/", "/mnt")
CALL(call_fsopen, SYS_fsopen, "proc", 0)
CALL(call_fspick, SYS_fspick, AT_FDCWD, "/proc", 0)
CALL(call_open_tree, SYS_open_tree, AT_FDCWD, "/", 1)
CALL(call_move_mount, SYS_move_mount, AT_FDCWD, "/proc", AT_FDCWD, "/mnt", 0)
CALL(call_mount_setattr, SYS_mount_setattr, AT_FDCWD, "/sys", 0, attributes, 32)
CALL(call_bpf, SYS_bpf, BPF_MAP_CREATE, attributes, 16)
CALL(call_perf, SYS_perf_event_open, attributes, 0, -1, -1, 0)
CALL(call_userfaultfd, SYS_userfaultfd, 1)
CALL(call_io_uring, SYS_io_uring_setup, 4, attributes)
CALL(call_keyctl, SYS_keyctl, 0, -3, 1)
CALL(call_add_key, SYS_add_key, "user", "probe", "x", 1, -3)
CALL(call_kexec, SYS_kexec_load, 0, 0, 0, 0)
CALL(call_init_module, SYS_init_module, "", 0, "")
CALL(call_delete_module, SYS_delete_module, "no-such-module", O_NONBLOCK)
CALL(call_reboot, SYS_reboot, 0xfee1dead, 672274793, 0, 0)
CALL(call_settime, SYS_clock_settime, 0, attributes)
CALL(call_adjtime, SYS_adjtimex, attributes)
CALL(call_swapon, SYS_swapon, "/no-such-file", 0)
CALL(call_personality, SYS_personality, 0x0400000)
CALL(call_iopl, SYS_iopl, 3)
CALL(call_acct, SYS_acct, 0)
CALL(call_quotactl, SYS_quotactl, 0, 0, 0, 0)
CALL(call_syslog, SYS_syslog, 3, attributes, 8)
CALL(call_fanotify, SYS_fanotify_init, 0, 0)
CALL(call_kcmp, SYS_kcmp, 1, 1, 0, 0, 0)
CALL(call_ldt, SYS_modify_ldt, 0, attributes, 16)
CALL(call_nice, SYS_setpriority, 0, 0, -5)
CALL(call_pidfd_init, SYS_pidfd_getfd, 0, 3, 0)
CALL(call_process_madvise, SYS_process_madvise, -1, 0, 0, 0, 0)
CALL(call_process_mrelease, SYS_process_mrelease, -1, 0)
CALL(call_remap_pages, SYS_remap_file_pages, 0, 0, 0, 0, 0)
CALL(call_secret, SYS_memfd_secret, 0)
CALL(call_handle, SYS_name_to_handle_at, AT_FDCWD, "/", attributes, attributes, 0)
CALL(call_no_random, SYS_personality, 0x0040000)
CALL(call_io_setup, SYS_io_setup, 1, attributes)
CALL(call_unknown, 1000)
CALL(call_none, -1)
CALL(call_sched_core, SYS_prctl, 62, 0, 0, 0, attributes)
CALL(call_io_uring_enter, SYS_io_uring_enter, -1, 0, 0, 0, 0, 0)
CALL(call_request_key, SYS_request_key, "user", "probe", 0, -3)
FAMILY(call_alg, AF_ALG, SOCK_SEQPACKET, 0)
FAMILY(call_vsock, 40, SOCK_STREAM, 0)
FAMILY(call_packet, AF_PACKET, SOCK_RAW, 0)
FAMILY(call_old_packet, AF_INET, SOCK_PACKET, 0)
FAMILY(call_raw, AF_INET, SOCK_RAW, 1)
FAMILY(call_netfilter, AF_NETLINK, SOCK_RAW, 12)
FAMILY(call_audit, AF_NETLINK, SOCK_RAW, 9)
FAMILY(call_uevent, AF_NETLINK, SOCK_RAW, 15)
FAMILY(call_xfrm, AF_NETLINK, SOCK_RAW, 6)
FAMILY(call_sctp, AF_INET, SOCK_STREAM, 132)
FAMILY(call_dccp, AF_INET6, 6, 33)
FAMILY(call_l2tp, AF_INET, SOCK_DGRAM, 115)
FAMILY(call_smc, AF_INET, SOCK_STREAM, 256)
FAMILY(call_udplite, AF_INET, SOCK_DGRAM, 136)
FAMILY(call_mptcp, AF_INET6, SOCK_STREAM, 262)
FAMILY(call_igmp, AF_INET, SOCK_DGRAM, 2)
FAMILY(call_tipc, 30, SOCK_STREAM, 0)
FAMILY(call_bluetooth, 31, SOCK_RAW, 1)

static long call_mknod(void)
{
	return mknod("/tmp/disk", S_IFBLK | 0600, 0x800);
}

static long call_tiocsti(void)
{
	return ioctl(0, TIOCSTI, "x");
}

static long call_tiocsti_high(void)
{
	return syscall(SYS_ioctl, 0, 0x100005412UL, "x");
}

static long call_tiocsetd(void)
{
	int discipline = 0;

	return ioctl(0, TIOCSETD, &discipline);
}

/* Asks for no more than the size of its argument. */
static long call_prctl_mm(void)
{
	unsigned int size;

	return syscall(SYS_prctl, 35, 15, &size, 0, 0);
}

static long call_ptrace_init(void)
{
	return ptrace(PTRACE_SEIZE, 1, 0, 0);
}

static long call_memory_init(void)
{
	struct iovec here = { attributes, 8 }, there = { (void *)0x400000, 8 };

	return process_vm_readv(1, &here, 1, &there, 1, 0);
}

static long call_descriptor_init(void)
{
	int pidfd = (int)syscall(SYS_pidfd_open, 1, 0);

	return syscall(SYS_pidfd_getfd, pidfd, 3, 0);
}

/* The x32 and the 32-bit way to getpid(2). */
static long call_x32(void)
{
	return syscall(0x40000000 | SYS_getpid);
}

static long call_int80(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory");
	return result;
}

/* chroot(2) says how: a directory kept open outside of the new root leads up to the old one. */
static long call_chroot(void)
{
	struct stat before, after;
	int top = open("/", O_RDONLY | O_DIRECTORY);

	stat("/", &before);
	mkdir("/tmp/cell", 0700);
	if (chroot("/tmp/cell") < 0 || fchdir(top) < 0)
		return -1;
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return -1;
	stat(".", &after);
	if (before.st_dev == after.st_dev && before.st_ino == after.st_ino) {
		errno = EXDEV;
		return -1;
	}
	return 0;
}

#define TRY(name) { #name, name }

static const struct {
	const char *name;
	long (*call)(void);
} tries[] = {
	TRY(call_open_by_handle), TRY(call_open_nsfs), TRY(call_unshare_user), TRY(call_unshare_mount),
	TRY(call_unshare_net), TRY(call_unshare_time), TRY(call_clone_user), TRY(call_clone3),
	TRY(call_setns), TRY(call_mount), TRY(call_remount), TRY(call_umount), TRY(call_pivot_root),
	TRY(call_fsopen), TRY(call_fspick), TRY(call_open_tree), TRY(call_move_mount),
	TRY(call_mount_setattr), TRY(call_bpf), TRY(call_perf), TRY(call_userfaultfd),
	TRY(call_io_uring), TRY(call_keyctl), TRY(call_add_key), TRY(call_kexec),
	TRY(call_init_module), TRY(call_delete_module), TRY(call_reboot), TRY(call_settime),
	TRY(call_adjtime), TRY(call_swapon), TRY(call_personality), TRY(call_iopl), TRY(call_acct),
	TRY(call_quotactl), TRY(call_syslog), TRY(call_fanotify), TRY(call_process_madvise),
	TRY(call_process_mrelease), TRY(call_remap_pages), TRY(call_secret), TRY(call_handle),
	TRY(call_no_random), TRY(call_io_setup), TRY(call_udplite), TRY(call_mptcp), TRY(call_igmp),
	TRY(call_kcmp), TRY(call_ldt),
	TRY(call_nice), TRY(call_pidfd_init), TRY(call_unknown), TRY(call_alg), TRY(call_vsock),
	TRY(call_packet), TRY(call_old_packet), TRY(call_raw), TRY(call_netfilter), TRY(call_audit),
	TRY(call_uevent), TRY(call_xfrm), TRY(call_sctp), TRY(call_dccp), TRY(call_l2tp),
	TRY(call_tipc), TRY(call_bluetooth), TRY(call_mknod), TRY(call_tiocsti),
	TRY(call_tiocsti_high), TRY(call_ptrace_init), TRY(call_memory_init),
	TRY(call_descriptor_init), TRY(call_none), TRY(call_sched_core),
	TRY(call_io_uring_enter), TRY(call_request_key), TRY(call_smc),
	TRY(call_tiocsetd), TRY(call_prctl_mm), TRY(call_x32), TRY(call_int80), TRY(call_chroot),
};

static void report(const char *name, int status)
{
	if (WIFSIGNALED(status))
		printf("%s signal %d\n", name, WTERMSIG(status));
	else if (WEXITSTATUS(status) == 0)
		printf("%s OPEN\n", name);
	else
		printf("%s %d\n", name, WEXITSTATUS(status));
}

/* On the host: two names of one directory change places until somebody ends it. */
_Noreturn static void swap(const char *a, const char *b)
{
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "swap") == 0)
		swap(argv[2], argv[3]);
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++)
		report(tries[i].name + strlen("call_"), attempt(tries[i].call));
	return 0;
}
