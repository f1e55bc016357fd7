/* The jail's /dev, and device nodes that lie elsewhere. */
#include "probe.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

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

PROBE("3.devices", MEDIUM, dev_null_is_one)
{
	struct stat null;

	if (stat("/dev/null", &null) < 0 || null.st_rdev != makedev(1, 3))
		fail("/dev/null is no such device");
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
