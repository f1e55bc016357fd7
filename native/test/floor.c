/*
 * floor: the least that the kernel needs to run one program in a jail of its own, against which jaild is measured.
 *
 *	floor ROOT COUNT
 *
 * ROOT has bin/true and the directories dev and proc. Prints the mean of COUNT runs one after the other, in
 * milliseconds, from clone3 to the reaped exit: all namespaces but time, a user map, tmpfs and proc, pivot_root, exec.
 * Needs root; nothing of it outlives it.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET |
				   CLONE_NEWCGROUP | CLONE_NEWUSER;

static void check(long result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	_exit(127);
}

static void map_ids(pid_t child, const char *kind)
{
	static const char map[] = "0 200000 65536";
	char path[40];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", child, kind);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	check(fd, path);
	check(write(fd, map, strlen(map)), path);
	close(fd);
}

_Noreturn static void run_inside(const char *root, int mapped)
{
	char go;

	check(read(mapped, &go, 1), "maps");
	check(setresgid(0, 0, 0), "setresgid");
	check(setresuid(0, 0, 0), "setresuid");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
	check(mount(root, root, NULL, MS_BIND, NULL), root);
	check(chdir(root), root);
	check(mount("none", "dev", "tmpfs", 0, NULL), "dev");
	check(mount("none", "proc", "proc", 0, NULL), "proc");
	check(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	check(umount2(".", MNT_DETACH), "umount2");
	check(sethostname("jail", 4), "sethostname");
	execl("/bin/true", "true", (char *)NULL);
	check(-1, "exec");
	_exit(127);
}

static void run_once(const char *root)
{
	struct clone_args args = { .flags = namespaces, .exit_signal = SIGCHLD };
	int maps[2], status;
	pid_t child;

	check(pipe2(maps, O_CLOEXEC), "pipe2");
	child = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	check(child, "clone3");
	if (child == 0)
		run_inside(root, maps[0]);
	map_ids(child, "uid_map");
	map_ids(child, "gid_map");
	check(write(maps[1], "", 1), "go");
	check(waitpid(child, &status, 0), "waitpid");
	check(status == 0 ? 0 : -1, "the program");
	close(maps[0]);
	close(maps[1]);
}

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? atoi(argv[2]) : 0;
	double began;

	if (count < 1) {
		fprintf(stderr, "usage: floor ROOT COUNT\n");
		return 2;
	}
	began = milliseconds();
	for (int i = 0; i < count; i++)
		run_once(argv[1]);
	printf("%.3f\n", (milliseconds() - began) / count);
	return 0;
}
