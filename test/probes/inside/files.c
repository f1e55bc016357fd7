/* Files of the kernel: what tells of the host is hidden, what changes it is shut. */
#include "probe.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Hidden: absent, unreadable or empty. A directory is hidden when nothing is in it. */
static void hidden(const struct probe *probe)
{
	char text[256];
	DIR *directory = opendir(probe->text);
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			fail("%s has %s", probe->text, entry->d_name);
	if (directory == NULL && slurp(probe->text, text, sizeof(text)) > 0)
		fail("%s: %.80s", probe->text, text);
}

#define HIDDEN(weight_, id, path)                                                                \
	ENTER(hidden_##id, .name = "hidden_" #id, .class = "3.information", .weight = weight_,   \
	      .run = hidden, .text = path)

HIDDEN(CRITICAL, kcore, "/proc/kcore") HIDDEN(CRITICAL, kmem, "/dev/mem") HIDDEN(HIGH, kallsyms, "/proc/kallsyms")
HIDDEN(HIGH, kmsg, "/proc/kmsg") HIDDEN(HIGH, kpagecount, "/proc/kpagecount") HIDDEN(HIGH, kpageflags, "/proc/kpageflags")
HIDDEN(HIGH, kpagecgroup, "/proc/kpagecgroup") HIDDEN(MEDIUM, timer_list, "/proc/timer_list") HIDDEN(MEDIUM, keys, "/proc/keys")
HIDDEN(MEDIUM, key_users, "/proc/key-users") HIDDEN(MEDIUM, interrupts, "/proc/interrupts") HIDDEN(MEDIUM, slabinfo, "/proc/slabinfo")
HIDDEN(MEDIUM, vmallocinfo, "/proc/vmallocinfo") HIDDEN(LOW, pagetypeinfo, "/proc/pagetypeinfo") HIDDEN(MEDIUM, sched_debug, "/proc/sched_debug")
HIDDEN(MEDIUM, latency_stats, "/proc/latency_stats") HIDDEN(MEDIUM, acpi, "/proc/acpi") HIDDEN(MEDIUM, scsi, "/proc/scsi")
HIDDEN(LOW, asound, "/proc/asound") HIDDEN(LOW, pressure, "/proc/pressure") HIDDEN(MEDIUM, modules, "/proc/modules")
HIDDEN(LOW, config, "/proc/config.gz") HIDDEN(MEDIUM, diskstats, "/proc/diskstats") HIDDEN(MEDIUM, partitions, "/proc/partitions")
HIDDEN(LOW, zoneinfo, "/proc/zoneinfo") HIDDEN(LOW, buddyinfo, "/proc/buddyinfo")
HIDDEN(LOW, softirqs, "/proc/softirqs") HIDDEN(LOW, schedstat, "/proc/schedstat") 
HIDDEN(MEDIUM, locks, "/proc/locks") HIDDEN(LOW, consoles, "/proc/consoles") HIDDEN(LOW, iomem, "/proc/iomem")
HIDDEN(LOW, ioports, "/proc/ioports") HIDDEN(LOW, mtrr, "/proc/mtrr") HIDDEN(LOW, driver_rtc, "/proc/driver/rtc")
HIDDEN(LOW, tty_drivers, "/proc/tty/drivers") HIDDEN(LOW, pci, "/proc/bus/pci") HIDDEN(LOW, input, "/proc/bus/input/devices")
HIDDEN(LOW, fs_ext4, "/proc/fs/ext4") HIDDEN(LOW, fs_jbd2, "/proc/fs/jbd2") HIDDEN(LOW, irq, "/proc/irq/0")
HIDDEN(LOW, dynamic_debug, "/proc/dynamic_debug") HIDDEN(LOW, cgroups, "/proc/cgroups") HIDDEN(LOW, misc, "/proc/misc") HIDDEN(LOW, devices, "/proc/devices")
HIDDEN(HIGH, firmware, "/sys/firmware") HIDDEN(HIGH, debug, "/sys/kernel/debug") HIDDEN(HIGH, tracing, "/sys/kernel/tracing")
HIDDEN(MEDIUM, security, "/sys/kernel/security") HIDDEN(LOW, btf, "/sys/kernel/btf") HIDDEN(LOW, slab, "/sys/kernel/slab")
HIDDEN(MEDIUM, pstore, "/sys/fs/pstore") HIDDEN(MEDIUM, bpffs, "/sys/fs/bpf") HIDDEN(MEDIUM, dmi, "/sys/class/dmi/id")
HIDDEN(MEDIUM, powercap, "/sys/class/powercap") HIDDEN(MEDIUM, powercap_devices, "/sys/devices/virtual/powercap")
HIDDEN(MEDIUM, thermal, "/sys/class/thermal") HIDDEN(MEDIUM, thermal_throttle, "/sys/devices/system/cpu/cpu0/thermal_throttle")
HIDDEN(LOW, sys_block, "/sys/block") HIDDEN(LOW, sys_dev_block, "/sys/dev/block") HIDDEN(LOW, sys_module, "/sys/module")
HIDDEN(LOW, sys_fs_ext4, "/sys/fs/ext4") HIDDEN(LOW, sys_pci, "/sys/bus/pci/devices") HIDDEN(LOW, sys_hypervisor, "/sys/hypervisor")
HIDDEN(LOW, sys_iommu, "/sys/kernel/iommu_groups") HIDDEN(LOW, sys_notes, "/sys/kernel/notes") HIDDEN(MEDIUM, vmcoreinfo, "/sys/kernel/vmcoreinfo")
HIDDEN(LOW, sys_mm, "/sys/kernel/mm") HIDDEN(LOW, boot_params, "/sys/kernel/boot_params") HIDDEN(LOW, sys_memory, "/sys/devices/system/memory")
HIDDEN(LOW, sys_node, "/sys/devices/system/node/node0") HIDDEN(LOW, sys_power, "/sys/power")
HIDDEN(LOW, virtio, "/sys/bus/virtio/devices") HIDDEN(LOW, cgroup_files, "/sys/fs/cgroup")

/* Shut: can't be opened for writing. Nothing is written even where it can. */
static void shut(const struct probe *probe)
{
	int fd = open(probe->text, O_WRONLY | O_NONBLOCK | O_NOCTTY);
	struct stat seen;

	if (fd >= 0 && fstat(fd, &seen) == 0 && S_ISCHR(seen.st_mode) && seen.st_rdev == makedev(1, 3))
		return;
	if (fd >= 0)
		fail("%s can be written", probe->text);
}

#define SHUT(weight_, id, path)                                                                  \
	ENTER(shut_##id, .name = "shut_" #id, .class = "3.kernel-files", .weight = weight_,      \
	      .run = shut, .text = path)

SHUT(CRITICAL, core_pattern, "/proc/sys/kernel/core_pattern") SHUT(CRITICAL, modprobe, "/proc/sys/kernel/modprobe")
SHUT(CRITICAL, sysrq_trigger, "/proc/sysrq-trigger") SHUT(HIGH, sysrq, "/proc/sys/kernel/sysrq")
SHUT(CRITICAL, binfmt_register, "/proc/sys/fs/binfmt_misc/register") SHUT(CRITICAL, uevent_helper, "/sys/kernel/uevent_helper")
SHUT(HIGH, hotplug, "/proc/sys/kernel/hotplug") SHUT(HIGH, poweroff_cmd, "/proc/sys/kernel/poweroff_cmd")
SHUT(HIGH, panic_on_oom, "/proc/sys/vm/panic_on_oom") SHUT(HIGH, overcommit, "/proc/sys/vm/overcommit_memory")
SHUT(HIGH, drop_caches, "/proc/sys/vm/drop_caches") SHUT(MEDIUM, compact, "/proc/sys/vm/compact_memory")
SHUT(HIGH, aslr, "/proc/sys/kernel/randomize_va_space") SHUT(HIGH, kptr, "/proc/sys/kernel/kptr_restrict")
SHUT(HIGH, dmesg, "/proc/sys/kernel/dmesg_restrict") SHUT(HIGH, unprivileged_bpf, "/proc/sys/kernel/unprivileged_bpf_disabled")
SHUT(HIGH, perf_paranoid, "/proc/sys/kernel/perf_event_paranoid") SHUT(MEDIUM, printk, "/proc/sys/kernel/printk")
SHUT(MEDIUM, pid_max, "/proc/sys/kernel/pid_max") SHUT(LOW, ns_last_pid, "/proc/sys/kernel/ns_last_pid")
SHUT(MEDIUM, threads_max, "/proc/sys/kernel/threads-max") SHUT(MEDIUM, file_max, "/proc/sys/fs/file-max")
SHUT(MEDIUM, user_quota, "/proc/sys/user/max_inotify_instances") SHUT(MEDIUM, user_ns_quota, "/proc/sys/user/max_user_namespaces")
SHUT(LOW, shmmax, "/proc/sys/kernel/shmmax") SHUT(LOW, mqueue_max, "/proc/sys/fs/mqueue/queues_max")
SHUT(MEDIUM, ip_forward, "/proc/sys/net/ipv4/ip_forward") SHUT(LOW, ping_range, "/proc/sys/net/ipv4/ping_group_range")
SHUT(LOW, hostname, "/proc/sys/kernel/hostname") SHUT(LOW, domainname, "/proc/sys/kernel/domainname")
SHUT(MEDIUM, mtrr, "/proc/mtrr") SHUT(MEDIUM, irq_affinity, "/proc/irq/default_smp_affinity") SHUT(HIGH, bus_pci, "/proc/bus/pci/00/00.0")
SHUT(MEDIUM, scsi, "/proc/scsi/scsi") SHUT(MEDIUM, acpi_wakeup, "/proc/acpi/wakeup") SHUT(MEDIUM, pressure_memory, "/proc/pressure/memory")
SHUT(HIGH, power_state, "/sys/power/state") SHUT(MEDIUM, wake_lock, "/sys/power/wake_lock") SHUT(HIGH, ksm, "/sys/kernel/mm/ksm/run")
SHUT(MEDIUM, thp, "/sys/kernel/mm/transparent_hugepage/enabled") SHUT(HIGH, module_param, "/sys/module/kernel/parameters/panic")
SHUT(HIGH, cpu_online, "/sys/devices/system/cpu/cpu1/online") SHUT(HIGH, lo_uevent, "/sys/class/net/lo/uevent")
SHUT(HIGH, lo_mtu, "/sys/class/net/lo/mtu") SHUT(HIGH, block_uevent, "/sys/block/vda/uevent") SHUT(HIGH, pci_remove, "/sys/bus/pci/rescan")
SHUT(HIGH, profiling, "/sys/kernel/profiling") SHUT(HIGH, kexec_crash_size, "/sys/kernel/kexec_crash_size")
SHUT(HIGH, timens, "/proc/1/timens_offsets") SHUT(LOW, loginuid_init, "/proc/1/loginuid")
SHUT(CRITICAL, release_agent, "/sys/fs/cgroup/release_agent") SHUT(HIGH, cgroup_procs, "/sys/fs/cgroup/cgroup.procs")
SHUT(HIGH, init_oom, "/proc/1/oom_score_adj") SHUT(HIGH, init_mem, "/proc/1/mem")
SHUT(MEDIUM, init_autogroup, "/proc/1/autogroup") SHUT(MEDIUM, init_clear_refs, "/proc/1/clear_refs")

static void write_refused(const struct probe *probe)
{
	const char *text = probe->text + strlen(probe->text) + 1;
	int fd = open(probe->text, O_WRONLY);

	if (fd >= 0 && write(fd, text, strlen(text)) > 0)
		fail("%s took %s", probe->text, text);
}

#define REFUSES(class_, weight_, id, path, text_)                                                \
	ENTER(refuses_##id, .name = "refuses_" #id, .class = class_, .weight = weight_,          \
	      .run = write_refused, .text = path "\0" text_)

REFUSES("5.priority", HIGH, oom_score, "/proc/self/oom_score_adj", "-500")
REFUSES("3.namespaces", HIGH, uid_map, "/proc/self/uid_map", "0 0 1")
REFUSES("3.namespaces", HIGH, gid_map, "/proc/self/gid_map", "0 0 1")
REFUSES("3.namespaces", LOW, setgroups, "/proc/self/setgroups", "deny")
REFUSES("3.namespaces", MEDIUM, timens_offsets, "/proc/self/timens_offsets", "monotonic 5 0")
REFUSES("5.priority", LOW, autogroup, "/proc/self/autogroup", "-20")
REFUSES("3.kernel-files", LOW, lsm_exec, "/proc/self/attr/exec", "unconfined")
