/* The jail's own namespaces and users, and ways above its root. */
#include "probe.h"

#include <mqueue.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>

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
