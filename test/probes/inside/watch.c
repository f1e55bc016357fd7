/* Lies in wait for processes that join the jail, which may be more than the jail for a moment. */
#include "probe.h"

#include <dirent.h>
#include <sys/ptrace.h>
#include <time.h>

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What the link of a process says, "" when it can't be read. */
static const char *link_of(const char *pid, const char *name)
{
	static char target[256];
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.10s/%.20s", pid, name);
	n = readlink(path, target, sizeof(target) - 1);
	target[n > 0 ? n : 0] = '\0';
	return target;
}

/* Programs and directories of the jail are below its root; a joining process has others. */
static void look(const char *pid)
{
	const char *exe = link_of(pid, "exe"), *target;
	char path[64];
	int fd;

	if (exe[0] == '\0' || strncmp(exe, "/bin/", 5) == 0)
		return;
	printf("%s has the program %s\n", pid, exe);
	snprintf(path, sizeof(path), "/proc/%.10s/exe", pid);
	fd = open(path, O_RDONLY);
	printf("%s: its program %s\n", pid, fd >= 0 ? "was opened" : strerror(errno));
	snprintf(path, sizeof(path), "/proc/%.10s/mem", pid);
	if (open(path, O_RDWR) >= 0)
		printf("%s: its memory was opened\n", pid);
	for (int n = 3; n < 16; n++) {
		snprintf(path, sizeof(path), "fd/%d", n);
		target = link_of(pid, path);
		if (target[0] != '\0')
			printf("%s: descriptor %d is %s\n", pid, n, target);
	}
	if (ptrace(PTRACE_SEIZE, atoi(pid), 0, 0) == 0)
		printf("%s: was traced\n", pid);
}

int watch(int ms)
{
	long end = now_ms() + ms;

	while (now_ms() < end) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		while (proc != NULL && (entry = readdir(proc)) != NULL)
			if (atoi(entry->d_name) > 2 && atoi(entry->d_name) != getpid())
				look(entry->d_name);
		if (proc != NULL)
			closedir(proc);
	}
	return 0;
}
