/* The jail's own namespaces, users, mounts and devices. */
#include "probe.h"

#include <dirent.h>
#include <mqueue.h>
#include <sched.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/xattr.h>
#include <time.h>

static void own_namespace(const struct probe *probe)
{
	char path[32], mine[64] = "";

	snprintf(path, sizeof(path), "/proc/self/ns/%s", probe->text);
	if (readlink(path, mine, sizeof(mine) - 1) < 0)
		fail("%s: %s", path, strerror(errno));
	if (strcmp(mine, host(probe->name)) == 0)
		fail("%s is the host's", mine);
}

#define OWN(weight_, id)                                                                         \
	ENTER(own_##id, .name = "namespace_" #id, .class = "3.namespaces", .weight = weight_,    \
	      .run = own_namespace, .text = #id)

OWN(CRITICAL, mnt) OWN(CRITICAL, pid) OWN(CRITICAL, user) OWN(HIGH, net) OWN(HIGH, ipc) OWN(MEDIUM, uts) OWN(HIGH, cgroup) OWN(MEDIUM, time)

static void one_map(const char *path)
{
	char text[256];
	unsigned long inside, outside, count;

	slurp(path, text, sizeof(text));
	if (sscanf(text, "%lu %lu %lu", &inside, &outside, &count) != 3 || strchr(text, '\n') != strrchr(text, '\n'))
		fail("%s: %s", path, text);
	if (inside != 0 || outside < 65536 || count > 65536)
		fail("%s: %s", path, text);
}

PROBE("4.id-maps", CRITICAL, user_map)
{
	one_map("/proc/self/uid_map");
}

PROBE("4.id-maps", CRITICAL, group_map)
{
	one_map("/proc/self/gid_map");
}

PROBE("4.id-maps", MEDIUM, user_beyond_range)
{
	expect_refused("setuid(70000)", setuid(70000));
	expect_refused("chown to 70000", chown("/tmp", 70000, 0));
}

PROBE("3.handles", CRITICAL, chroot_and_up)
{
	struct stat before, after;
	int top = open("/", O_RDONLY | O_DIRECTORY);

	stat("/", &before);
	mkdir("/tmp/cell", 0700);
	if (chroot("/tmp/cell") < 0 || fchdir(top) < 0)
		return;
	for (int i = 0; i < 64; i++)
		if (chdir("..") < 0)
			return;
	stat(".", &after);
	if (before.st_dev != after.st_dev || before.st_ino != after.st_ino)
		fail("above the root");
}

PROBE("3.handles", CRITICAL, handle_of_nsfs)
{
	struct { uint32_t bytes; int type; uint64_t id; uint32_t kind, inode; } handle = { 16, 0xf1, 0, 0, 0xeffffff8 };

	/* FD_NSFS_ROOT: the initial mount namespace by its number alone. */
	for (uint32_t inode = 0xeffffff0; inode != 0xf0000000; inode++) {
		handle.inode = inode;
		expect_refused("open_by_handle_at of a namespace", syscall(SYS_open_by_handle_at, -10003, &handle, 0));
	}
	if (errno != EPERM && errno != ENOSYS)
		fail("open_by_handle_at reached the kernel: %s", strerror(errno));
}

PROBE("3.namespaces", HIGH, parent_namespace_by_ioctl)
{
	static const char *const kinds[] = { "user", "pid", "mnt", "net" };
	char path[32];

	for (int i = 0; i < 4; i++) {
		int fd, other;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		other = ioctl(fd, 0xb702); /* NS_GET_PARENT */
		if (other >= 0)
			fail("the parent of %s", path);
		if (i >= 2 && (ioctl(fd, 0xb70b) >= 0 || ioctl(fd, 0xb70c) >= 0)) /* NS_MNT_GET_NEXT, PREV */
			fail("the neighbours of %s", path);
	}
}

PROBE("3.information", HIGH, processes_of_host)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;

	while (proc != NULL && (entry = readdir(proc)) != NULL) {
		char path[300], text[64];

		if (atoi(entry->d_name) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/comm", entry->d_name);
		slurp(path, text, sizeof(text));
		if (strstr(text, "node") != NULL || strstr(text, "jailer") != NULL || strstr(text, "kthread") != NULL)
			fail("%s is %s", path, text);
	}
}

PROBE("3.information", HIGH, hostname_of_host)
{
	struct utsname name;

	uname(&name);
	if (strcmp(name.nodename, host("figure_hostname")) == 0)
		fail("%s", name.nodename);
}

PROBE("3.information", LOW, sysinfo_of_host)
{
	struct sysinfo seen;

	if (sysinfo(&seen) == 0 && seen.totalram * seen.mem_unit / 1024 == strtoul(host("kilobytes"), NULL, 10))
		fail("sysinfo tells the host's memory, uptime and load");
}

PROBE("3.devices", HIGH, dev_only_known)
{
	static const char known[] = " . .. null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr console log ";
	DIR *directory = opendir("/dev");
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		char word[300];

		snprintf(word, sizeof(word), " %s ", entry->d_name);
		if (strstr(known, word) == NULL)
			fail("/dev/%s", entry->d_name);
	}
}

static void device(const struct probe *probe)
{
	const long *n = probe->numbers;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/tmp/node-%ld-%ld-%d", n[1], n[2], getpid());
	if (mknod(path, (mode_t)n[0] | 0600, makedev(n[1], n[2])) == 0) {
		fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
		unlink(path);
		fail(fd >= 0 ? "made and opened" : "made");
	}
	snprintf(path, sizeof(path), "/srv/%s", probe->name);
	if (open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) >= 0)
		fail("%s was opened", path);
	if (errno == ENOENT)
		fail("the runner has not laid %s", path);
	snprintf(path, sizeof(path), "/dev/%s", probe->text);
	if (access(path, F_OK) == 0)
		fail("%s is there", path);
}

#define DEVICE(weight_, id, name_, kind, major_, minor_)                                         \
	ENTER(device_##id, .name = "device_" #id, .class = "3.devices", .weight = weight_,       \
	      .run = device, .text = name_, .numbers = { kind, major_, minor_ })

DEVICE(CRITICAL, mem, "mem", S_IFCHR, 1, 1) DEVICE(CRITICAL, port, "port", S_IFCHR, 1, 4) DEVICE(HIGH, kmsg, "kmsg", S_IFCHR, 1, 11)
DEVICE(CRITICAL, disk, "vda", S_IFBLK, 254, 0) DEVICE(CRITICAL, sda, "sda", S_IFBLK, 8, 0) DEVICE(HIGH, loop, "loop0", S_IFBLK, 7, 0)
DEVICE(HIGH, loop_control, "loop-control", S_IFCHR, 10, 237) DEVICE(HIGH, kvm, "kvm", S_IFCHR, 10, 232) DEVICE(HIGH, fuse, "fuse", S_IFCHR, 10, 229)
DEVICE(HIGH, tun, "net/tun", S_IFCHR, 10, 200) DEVICE(HIGH, console, "tty0", S_IFCHR, 4, 0) DEVICE(HIGH, system_console, "ttyS0", S_IFCHR, 4, 64)
DEVICE(MEDIUM, userfaultfd, "userfaultfd", S_IFCHR, 10, 126) DEVICE(MEDIUM, rtc, "rtc0", S_IFCHR, 252, 0)
DEVICE(HIGH, mapper, "mapper/control", S_IFCHR, 10, 236) DEVICE(MEDIUM, hwrng, "hwrng", S_IFCHR, 10, 183) DEVICE(MEDIUM, cuse, "cuse", S_IFCHR, 10, 203)
DEVICE(MEDIUM, uinput, "uinput", S_IFCHR, 10, 223) DEVICE(MEDIUM, vhost_vsock, "vhost-vsock", S_IFCHR, 10, 241) DEVICE(MEDIUM, vsock, "vsock", S_IFCHR, 10, 121)
DEVICE(MEDIUM, snapshot, "snapshot", S_IFCHR, 10, 231) DEVICE(MEDIUM, autofs, "autofs", S_IFCHR, 10, 235) DEVICE(MEDIUM, nvram, "nvram", S_IFCHR, 10, 144)

PROBE("3.devices", MEDIUM, dev_null_kept)
{
	struct stat null;

	if (stat("/dev/null", &null) < 0 || null.st_rdev != makedev(1, 3))
		fail("/dev/null is no such device");
	expect_refused("unlink of /dev/null", -(long)(unlink("/dev/null") < 0));
}

PROBE("3.devices", LOW, dev_null_times)
{
	/* A node bound from the host's /dev would take the time and the lock on the host's inode. */
	struct statfs file;

	if (statfs("/dev/null", &file) == 0 && open("/dev/null", O_WRONLY) >= 0 && utimensat(AT_FDCWD, "/dev/null", NULL, 0) == 0) {
		char text[8192];

		slurp("/proc/self/mountinfo", text, sizeof(text));
		if (strstr(text, "/null /dev/null") != NULL && strstr(text, "- devtmpfs") != NULL)
			fail("/dev/null is the host's, and its times can be set");
	}
}

PROBE("3.devices", MEDIUM, entropy_of_host)
{
	int fd = open("/dev/random", O_RDWR), bits = 8;

	expect_refused("RNDADDTOENTCNT", ioctl(fd, 0x40045201, &bits));
	expect_refused("RNDCLEARPOOL", ioctl(fd, 0x5206, 0));
}

/* Calls back for each mount: its point, its options, its optional fields, its kind and the file system's options. */
static void each_mount(void (*look)(const char *point, const char *options, const char *optional, const char *kind, const char *super))
{
	static char text[32768];
	char *rest = text, *line;

	slurp("/proc/self/mountinfo", text, sizeof(text));
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		char point[256], options[256], kind[32], super[512], *dash = strstr(line, " - "), *optional;
		int at = 0;

		if (dash == NULL || sscanf(line, "%*s %*s %*s %*s %255s %255s%n", point, options, &at) < 2)
			fail("mountinfo: %s", line);
		sscanf(dash, " - %31s %*s %511s", kind, super);
		*dash = '\0';
		optional = line + at;
		look(point, options, optional, kind, super);
	}
}

static void look_propagation(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)options, (void)kind, (void)super;
	if (strstr(optional, "shared:") != NULL || strstr(optional, "master:") != NULL)
		fail("%s: %s", point, optional);
}

PROBE("3.mounts", HIGH, mounts_private)
{
	each_mount(look_propagation);
}

static void look_flags(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)optional, (void)super;
	if (strstr(options, "nosuid") == NULL)
		fail("%s is not nosuid", point);
	if (strstr(options, "nodev") == NULL && strncmp(point, "/dev", 4) != 0 && strcmp(kind, "devtmpfs") != 0)
		fail("%s is not nodev", point);
	if (strcmp(kind, "ext4") != 0 && strcmp(kind, "overlay") != 0 && strstr(options, "noexec") == NULL)
		fail("%s is not noexec", point);
}

PROBE("3.mounts", HIGH, mounts_flags)
{
	each_mount(look_flags);
}

static void look_size(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	struct statfs seen;

	(void)optional;
	if (strcmp(kind, "tmpfs") != 0 || strncmp(options, "ro", 2) == 0)
		return;
	if (strstr(super, "size=") == NULL)
		fail("%s has no size", point);
	if (statfs(point, &seen) == 0 && seen.f_files > 100000)
		fail("%s has %ld inodes to give", point, (long)seen.f_files);
}

PROBE("5.space", MEDIUM, mounts_sizes)
{
	each_mount(look_size);
}

static void look_cgroup(const char *point, const char *options, const char *optional, const char *kind, const char *super)
{
	(void)optional, (void)super;
	if (strncmp(kind, "cgroup", 6) == 0 && strncmp(options, "rw", 2) == 0)
		fail("%s is a writable cgroup mount", point);
	if (strcmp(kind, "sysfs") == 0 && strncmp(options, "ro", 2) != 0)
		fail("%s is writable sysfs", point);
	if (strcmp(kind, "securityfs") == 0 || strcmp(kind, "debugfs") == 0 || strcmp(kind, "tracefs") == 0 || strcmp(kind, "bpf") == 0)
		fail("%s is %s", point, kind);
}

PROBE("3.release-agent", CRITICAL, mounts_of_cgroups)
{
	each_mount(look_cgroup);
}

PROBE("4.ipc", HIGH, shared_memory_of_host)
{
	expect_refused("shmget of the host's segment", shmget(atoi(host("shmkey")), 0, 0));
	if (access(host("shmfile"), F_OK) == 0)
		fail("a file of the host's /dev/shm");
}

PROBE("4.ipc", MEDIUM, queues_of_host)
{
	expect_refused("mq_open of the host's queue", mq_open(host("queue"), O_RDONLY));
}

PROBE("2.host-files", MEDIUM, file_capability)
{
	static const unsigned char all[20] = { 1, 0, 0, 2, 0xff, 0xff, 0xff, 0xff };

	close(open("/tmp/with-capability", O_CREAT | O_WRONLY, 0755));
	setxattr("/tmp/with-capability", "security.capability", all, sizeof(all), 0);
}

PROBE("2.host-files", LOW, trusted_attributes)
{
	expect_refused("a trusted attribute", setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0));
	expect_refused("a security attribute", setxattr("/tmp", "security.selinux", "y", 1, 0));
}

static long file_ioctl(unsigned long request, void *argument)
{
	int fd = open("/tmp/attributes", O_CREAT | O_RDONLY, 0600);

	return ioctl(fd, request, argument);
}

PROBE("2.host-files", MEDIUM, immutable_file)
{
	long flags = 0x10;

	expect_refused("FS_IMMUTABLE_FL", file_ioctl(0x40086602, &flags));
}

PROBE("5.space", MEDIUM, project_of_file)
{
	struct { uint32_t flags, extent, extents, project, cow; char rest[8]; } attribute = { .project = 4242 };

	expect_refused("another project id", file_ioctl(0x401c5820, &attribute));
}

PROBE("3.interfaces", HIGH, file_system_ioctls)
{
	uint64_t range[3] = { 0, 0, 0 };
	unsigned int shutdown = 2;

	expect_refused("FIFREEZE", file_ioctl(0xc0045877, NULL));
	expect_refused("FITRIM", file_ioctl(0xc0185879, range));
	expect_refused("FIBMAP", file_ioctl(1, range));
	if (getuid() != 0)
		expect_refused("EXT4_IOC_SHUTDOWN", file_ioctl(0x8004587d, &shutdown));
}

PROBE("3.information", LOW, uptime_by_clock)
{
	struct timespec now;
	long theirs = atol(host("uptime"));

	clock_gettime(CLOCK_BOOTTIME, &now);
	if (now.tv_sec >= theirs && now.tv_sec < theirs + 120)
		fail("the clock since boot is the host's: %ld s", (long)now.tv_sec);
}

PROBE("3.information", MEDIUM, uptime_by_file)
{
	char text[64];
	long theirs = atol(host("uptime"));

	slurp("/proc/uptime", text, sizeof(text));
	if (atol(text) >= theirs && atol(text) < theirs + 120)
		fail("/proc/uptime is the host's: %s", text);
}

PROBE("3.information", MEDIUM, load_of_host)
{
	char text[64];
	int all = 0;

	slurp("/proc/loadavg", text, sizeof(text));
	if (sscanf(text, "%*s %*s %*s %*d/%d", &all) == 1 && all > atoi(host("tasks")) / 2)
		fail("/proc/loadavg counts %d tasks", all);
}
