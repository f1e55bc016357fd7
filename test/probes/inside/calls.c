/* Calls that no jail needs. The filter is to refuse them before the kernel looks at their arguments. */
#include "probe.h"

#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/timex.h>

static uint64_t zeros[32];
static struct { uint32_t bytes; int type; uint64_t id[2]; } handle = { 8, 1, { 2 } };
static struct { uint64_t flags, rest[10]; } clone_user = { .flags = CLONE_NEWUSER };

static struct timex set_offset = { .modes = ADJ_OFFSET };

#define HERE AT_FDCWD
#define ZEROS ((long)zeros)
#define TEXT(text) ((long)(text))

static void call(const struct probe *probe)
{
	const long *n = probe->numbers;
	long answer = syscall(n[0], n[1], n[2], n[3], n[4], n[5], n[6]);

	if (answer < 0 && (errno == EPERM || errno == ENOSYS || errno == EACCES))
		return;
	/* A process made by the call itself has nothing to say. */
	if (answer == 0 && (n[0] == SYS_clone || n[0] == SYS_clone3) && getpid() == 1)
		_exit(0);
	if (answer >= 0)
		fail("call %ld was done (%ld)", n[0], answer);
	fail("call %ld reached the kernel: %s", n[0], strerror(errno));
}

#define CALL(class_, weight_, id, ...)                                                           \
	ENTER(call_##id, .name = "call_" #id, .class = class_, .weight = weight_, .run = call,   \
	      .numbers = { __VA_ARGS__ })

CALL("3.handles", CRITICAL, open_by_handle_at, SYS_open_by_handle_at, HERE, (long)&handle, 0)
CALL("3.handles", LOW, name_to_handle_at, SYS_name_to_handle_at, HERE, TEXT("/"), ZEROS, ZEROS, 0)

CALL("3.namespaces", CRITICAL, setns, SYS_setns, 0, 0)
CALL("3.namespaces", HIGH, unshare_user, SYS_unshare, CLONE_NEWUSER)
CALL("3.namespaces", HIGH, unshare_mount, SYS_unshare, CLONE_NEWNS)
CALL("3.namespaces", HIGH, unshare_pid, SYS_unshare, CLONE_NEWPID)
CALL("3.namespaces", HIGH, unshare_net, SYS_unshare, CLONE_NEWNET)
CALL("3.namespaces", MEDIUM, unshare_ipc, SYS_unshare, CLONE_NEWIPC)
CALL("3.namespaces", MEDIUM, unshare_uts, SYS_unshare, CLONE_NEWUTS)
CALL("3.namespaces", HIGH, unshare_cgroup, SYS_unshare, CLONE_NEWCGROUP)
CALL("3.namespaces", MEDIUM, unshare_time, SYS_unshare, 0x80)
CALL("3.namespaces", HIGH, clone_user, SYS_clone, CLONE_NEWUSER | SIGCHLD)
CALL("3.namespaces", HIGH, clone_mount, SYS_clone, CLONE_NEWNS | SIGCHLD)
CALL("3.namespaces", HIGH, clone_pid, SYS_clone, CLONE_NEWPID | SIGCHLD)
CALL("3.namespaces", HIGH, clone_net, SYS_clone, CLONE_NEWNET | SIGCHLD)
CALL("3.namespaces", MEDIUM, clone_ipc, SYS_clone, CLONE_NEWIPC | SIGCHLD)
CALL("3.namespaces", MEDIUM, clone_uts, SYS_clone, CLONE_NEWUTS | SIGCHLD)
CALL("3.namespaces", MEDIUM, clone_cgroup, SYS_clone, CLONE_NEWCGROUP | SIGCHLD)
CALL("3.namespaces", HIGH, clone3_user, SYS_clone3, (long)&clone_user, 88)
CALL("3.namespaces", MEDIUM, listns, 470, ZEROS, ZEROS, 8, 0)

CALL("3.mounts", CRITICAL, mount_tmpfs, SYS_mount, TEXT("none"), TEXT("/mnt"), TEXT("tmpfs"))
CALL("3.mounts", CRITICAL, mount_proc, SYS_mount, TEXT("none"), TEXT("/mnt"), TEXT("proc"))
CALL("3.mounts", CRITICAL, mount_remount, SYS_mount, TEXT("none"), TEXT("/proc/sys"), 0, MS_REMOUNT | MS_BIND)
CALL("3.mounts", HIGH, mount_bind, SYS_mount, TEXT("/proc"), TEXT("/mnt"), 0, MS_BIND)
CALL("3.mounts", HIGH, mount_shared, SYS_mount, 0, TEXT("/"), 0, MS_SHARED | MS_REC)
CALL("3.mounts", CRITICAL, umount, SYS_umount2, TEXT("/proc/sys"), MNT_DETACH)
CALL("3.mounts", HIGH, umount_all, SYS_umount2, TEXT("/"), MNT_DETACH)
CALL("3.mounts", CRITICAL, pivot_root, SYS_pivot_root, TEXT("/"), TEXT("/mnt"))
CALL("3.mounts", HIGH, fsopen, SYS_fsopen, TEXT("proc"), 0)
CALL("3.mounts", HIGH, fsconfig, SYS_fsconfig, 0, 6, 0, 0, 0)
CALL("3.mounts", HIGH, fsmount, SYS_fsmount, 0, 0, 0)
CALL("3.mounts", HIGH, fspick, SYS_fspick, HERE, TEXT("/proc"), 0)
CALL("3.mounts", HIGH, open_tree, SYS_open_tree, HERE, TEXT("/"), 1)
CALL("3.mounts", HIGH, open_tree_attr, 467, HERE, TEXT("/"), 1, ZEROS, 32)
CALL("3.mounts", HIGH, move_mount, SYS_move_mount, HERE, TEXT("/proc"), HERE, TEXT("/mnt"), 0)
CALL("3.mounts", HIGH, mount_setattr, SYS_mount_setattr, HERE, TEXT("/sys"), 0, ZEROS, 32)
CALL("3.mounts", LOW, statmount, 457, ZEROS, ZEROS, 256, 0)
CALL("3.mounts", LOW, listmount, 458, ZEROS, ZEROS, 8, 0)

CALL("3.interfaces", HIGH, bpf_map, SYS_bpf, 0, ZEROS, 16)
CALL("3.interfaces", HIGH, bpf_load, SYS_bpf, 5, ZEROS, 128)
CALL("3.interfaces", HIGH, perf, SYS_perf_event_open, ZEROS, 0, -1, -1, 0)
CALL("3.interfaces", HIGH, userfaultfd, SYS_userfaultfd, 1)
CALL("3.interfaces", HIGH, io_uring_setup, SYS_io_uring_setup, 4, ZEROS)
CALL("3.interfaces", HIGH, io_uring_enter, SYS_io_uring_enter, 0, 1, 0, 0, 0, 0)
CALL("3.interfaces", HIGH, io_uring_register, SYS_io_uring_register, -1, 0, 0, 0)
CALL("3.interfaces", MEDIUM, fanotify_init, SYS_fanotify_init, 0, 0)
CALL("3.interfaces", LOW, fanotify_mark, SYS_fanotify_mark, 0, 0, 0, 0, 0)
CALL("3.interfaces", MEDIUM, kcmp, SYS_kcmp, 1, 1, 0, 0, 0)
CALL("3.interfaces", MEDIUM, modify_ldt, SYS_modify_ldt, 0, ZEROS, 16)
CALL("3.interfaces", MEDIUM, pidfd_getfd, SYS_pidfd_getfd, 0, 0, 0)
CALL("3.interfaces", MEDIUM, process_madvise, SYS_process_madvise, 0, 0, 0, 0, 0)
CALL("3.interfaces", LOW, process_mrelease, 448, 0, 0)
CALL("3.interfaces", LOW, lookup_dcookie, SYS_lookup_dcookie, 0, ZEROS, 8)
CALL("3.interfaces", LOW, remap_file_pages, SYS_remap_file_pages, 0, 0, 0, 0, 0)
CALL("3.interfaces", LOW, migrate_pages, SYS_migrate_pages, 0, 0, 0, 0)
CALL("3.interfaces", LOW, move_pages, SYS_move_pages, 0, 0, 0, 0, 0, 0)
CALL("3.interfaces", LOW, vhangup, SYS_vhangup)
CALL("3.interfaces", LOW, lsm_set_self_attr, 460, 100, ZEROS, 8, 0)
CALL("3.interfaces", LOW, lsm_list_modules, 461, ZEROS, ZEROS, 0)
CALL("3.interfaces", LOW, map_shadow_stack, 453, 0, 4096, 0)
CALL("3.interfaces", LOW, memfd_secret, 447, 0)
CALL("3.interfaces", LOW, nfsservctl, SYS_nfsservctl, 0, 0, 0)
CALL("3.interfaces", LOW, uselib, SYS_uselib, TEXT("/bin/probe"))
CALL("3.interfaces", LOW, ustat, SYS_ustat, 0, ZEROS)
CALL("3.interfaces", LOW, sysfs, SYS_sysfs, 3)
CALL("3.interfaces", LOW, sysctl, SYS__sysctl, ZEROS)
CALL("3.interfaces", LOW, personality_exec, SYS_personality, 0x0400000)
CALL("3.interfaces", LOW, personality_no_random, SYS_personality, 0x0040000)

CALL("4.keyrings", HIGH, keyctl, SYS_keyctl, 0, -3, 1)
CALL("4.keyrings", HIGH, keyctl_join, SYS_keyctl, 1, 0)
CALL("4.keyrings", HIGH, add_key, SYS_add_key, TEXT("user"), TEXT("probe"), TEXT("x"), 1, -4)
CALL("4.keyrings", HIGH, request_key, SYS_request_key, TEXT("user"), TEXT("probe"), 0, 0)

CALL("3.power", CRITICAL, init_module, SYS_init_module, TEXT(""), 0, TEXT(""))
CALL("3.power", CRITICAL, finit_module, SYS_finit_module, 0, TEXT(""), 0)
CALL("3.power", CRITICAL, delete_module, SYS_delete_module, TEXT("no-such-module"), O_NONBLOCK)
CALL("3.power", CRITICAL, kexec_load, SYS_kexec_load, 0, 0, 0, 0)
CALL("3.power", CRITICAL, kexec_file_load, SYS_kexec_file_load, -1, -1, 0, 0, 0)
CALL("3.power", HIGH, reboot, SYS_reboot, 0xfee1dead, 672274793, 0, 0)
CALL("3.power", HIGH, settimeofday, SYS_settimeofday, 0, ZEROS)
CALL("3.power", HIGH, clock_settime, SYS_clock_settime, 0, ZEROS)
CALL("3.power", MEDIUM, clock_settime_boot, SYS_clock_settime, 7, ZEROS)
CALL("3.power", HIGH, adjtimex, SYS_adjtimex, (long)&set_offset)
CALL("3.power", MEDIUM, clock_adjtime, SYS_clock_adjtime, 0, (long)&set_offset)
CALL("3.power", LOW, sethostname, SYS_sethostname, TEXT("probe"), 5)
CALL("3.power", LOW, setdomainname, SYS_setdomainname, TEXT("probe"), 5)
CALL("3.power", HIGH, swapon, SYS_swapon, TEXT("/no-such-file"), 0)
CALL("3.power", HIGH, swapoff, SYS_swapoff, TEXT("/no-such-file"))
CALL("3.power", HIGH, acct, SYS_acct, 0)
CALL("3.power", HIGH, quotactl, SYS_quotactl, 0, 0, 0, 0)
CALL("3.power", MEDIUM, quotactl_fd, 443, 0, 0, 0, 0)
CALL("3.power", CRITICAL, iopl, SYS_iopl, 3)
CALL("3.power", CRITICAL, ioperm, SYS_ioperm, 0x80, 1, 1)
CALL("3.information", MEDIUM, syslog_read, SYS_syslog, 3, ZEROS, 8)
CALL("3.information", MEDIUM, syslog_size, SYS_syslog, 10, 0, 0)
CALL("3.power", MEDIUM, syslog_clear, SYS_syslog, 8, 1, 0)
