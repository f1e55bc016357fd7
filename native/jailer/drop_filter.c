#include "answers.h"
#include "calls.h"
#include "drop.h"
#include "native.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

/*
 * THE TABLE of system calls that a jailer makes once its jail is built. The C library chooses between
 * old and new ones, so both are here where an architecture has both.
 */
static const uint16_t always[] = {
	/* the sockets of jaild, of clients and of init */
	SYS_accept4, SYS_recvmsg, SYS_sendmsg, SYS_getsockopt, SYS_socketpair, SYS_ppoll,
	/* what checks print */
	SYS_pipe2, SYS_fchmod,
	/* notices */
	SYS_setitimer,
	/* requests in memory */
	SYS_memfd_create, SYS_mmap, SYS_munmap, SYS_madvise, SYS_mprotect, SYS_brk,
	/* the log, and the exit record */
	SYS_openat, SYS_openat2, SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev, SYS_close, SYS_fcntl,
	SYS_lseek, SYS_ftruncate, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_renameat2, SYS_unlinkat,
	/* init */
	SYS_pidfd_send_signal, SYS_wait4, SYS_prlimit64, SYS_capget, SYS_capset,
	/* what is everybody's */
	SYS_clock_gettime, SYS_getpid, SYS_gettid, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_restart_syscall, SYS_exit, SYS_exit_group,
#ifdef SYS_renameat
	SYS_renameat,
#endif
#ifdef SYS_open
	SYS_open, SYS_poll, SYS_stat, SYS_lstat, SYS_rename, SYS_unlink,
#endif
};

/* Of the helpers that answer calls: on their way into the jail, and there. */
static const uint16_t helping[] = {
	SYS_clone, SYS_clone3, SYS_unshare, SYS_setns, SYS_chroot, SYS_chdir, SYS_fchdir, SYS_ioctl,
	SYS_prctl, SYS_close_range, SYS_dup3, SYS_setgroups, SYS_setresgid, SYS_setresuid,
	SYS_personality, SYS_pwrite64, SYS_readlinkat, SYS_getdents64, SYS_statfs,
	SYS_fstatfs, SYS_uname, SYS_sethostname, SYS_setdomainname, SYS_open_tree, SYS_move_mount,
	SYS_mount_setattr, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount, SYS_umount2,
#ifdef SYS_open
	SYS_fork, SYS_readlink, SYS_dup2,
#endif
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)
/* Skips the next instruction unless it is `k`, or if it is. */
#define UNLESS(k) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, 1)
#define IF(k) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 1, 0)

static void allow(struct sock_fprog *program, const uint16_t *calls, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		program->filter[program->len++] = (struct sock_filter)UNLESS(calls[i]);
		program->filter[program->len++] = (struct sock_filter)ALLOW;
	}
}

int drop_calls(const struct plan *plan)
{
	const struct sock_filter head[] = { FIELD(arch), IF(NATIVE), REFUSE, FIELD(nr) };
	struct sock_filter code[COUNT(head) + 2 * (COUNT(always) + COUNT(helping)) + 1];
	struct sock_fprog program = { .len = COUNT(head), .filter = code };

	memcpy(code, head, sizeof(head));
	allow(&program, always, COUNT(always));
	if (answers_wanted(plan))
		allow(&program, helping, COUNT(helping));
	code[program.len++] = (struct sock_filter)REFUSE;
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
}
