// Can a mount of DIR be mapped into a user namespace? Exit 0 when it can and the owner changes as mapped.
// usage: idmap-probe DIR, as root. mount_setattr(2), MOUNT_ATTR_IDMAP.
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BASE = 100000, COUNT = 65536 };

static int child_wait(void *pipe_end)
{
	char end;

	return read(*(int *)pipe_end, &end, 1) < 0;
}

static void write_map(pid_t pid, const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, kind);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || dprintf(fd, "0 %d %d\n", BASE, COUNT) < 0)
		err(1, "write %s", path);
	close(fd);
}

/* A namespace lives as long as a process or a descriptor holds it; the child only lends its own. */
static int user_namespace(void)
{
	static char stack[16384] __attribute__((aligned(16)));
	char path[64];
	int ends[2];

	if (pipe(ends) < 0)
		err(1, "pipe");
	pid_t pid = clone(child_wait, stack + sizeof(stack), CLONE_NEWUSER | SIGCHLD, &ends[0]);
	if (pid < 0)
		err(1, "clone");
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "open %s", path);
	kill(pid, SIGKILL);
	return fd;
}

int main(int argc, char **argv)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	struct stat before, after;

	if (argc != 2)
		errx(2, "usage: idmap-probe DIR");
	attr.userns_fd = (uint64_t)user_namespace();
	if (stat(argv[1], &before) < 0)
		err(1, "stat %s", argv[1]);
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, argv[1], OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (tree < 0)
		err(1, "open_tree %s", argv[1]);
	if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		err(1, "mount_setattr %s", argv[1]);
	if (fstatat(tree, "", &after, AT_EMPTY_PATH) < 0)
		err(1, "stat of the mapped %s", argv[1]);
	printf("%s: owner %u, mapped %u\n", argv[1], before.st_uid, after.st_uid);
	return after.st_uid != before.st_uid + BASE;
}
