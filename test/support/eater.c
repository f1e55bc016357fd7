/*
 * Takes all that it gets of what the kernel has only so much of, says how much that is, and keeps it:
 *   files       open files, by 8 processes
 *   inotify     instances and watches of inotify
 *   terminals   pseudoterminals
 *   queues      POSIX message queues
 *   shm         pages of /dev/shm
 *   processes   processes, each of which goes on forking and does not hear SIGTERM
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <unistd.h>

static const char pages[1 << 16];

static long eat_files(void)
{
	struct rlimit most;
	long got = 0;

	getrlimit(RLIMIT_NOFILE, &most);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_NOFILE, &most);
	for (int i = 0; i < 7 && fork() != 0; i++)
		;
	while (open("/dev/null", O_RDONLY) >= 0)
		got++;
	return got;
}

static long eat_inotify(void)
{
	char path[64];
	long got = 0;
	int fd, last = -1;

	while ((fd = inotify_init1(0)) >= 0) {
		last = fd;
		got++;
	}
	for (int pid = 1; last >= 0 && pid < 100; pid++) {
		snprintf(path, sizeof(path), "/proc/%d", pid);
		inotify_add_watch(last, path, IN_ALL_EVENTS);
	}
	return got;
}

static long eat_terminals(void)
{
	long got = 0;

	while (posix_openpt(O_RDWR | O_NOCTTY) >= 0)
		got++;
	return got;
}

static long eat_queues(void)
{
	char name[32];
	long got = 0;

	do
		snprintf(name, sizeof(name), "/eaten%ld", got);
	while (mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) >= 0 && ++got);
	return got;
}

static long eat_shm(void)
{
	int fd = open("/dev/shm/eaten", O_RDWR | O_CREAT, 0600);
	long got = 0;

	while (write(fd, pages, sizeof(pages)) == (ssize_t)sizeof(pages))
		got++;
	return got;
}

static long eat_processes(void)
{
	signal(SIGTERM, SIG_IGN);
	for (;;)
		fork();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *what;
		long (*eat)(void);
	} meals[] = {
		{ "files", eat_files },	    { "inotify", eat_inotify }, { "terminals", eat_terminals },
		{ "queues", eat_queues },   { "shm", eat_shm },
		{ "processes", eat_processes },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(meals) / sizeof(meals[0]); i++)
		if (strcmp(argv[1], meals[i].what) == 0) {
			printf("%s %ld\n", meals[i].what, meals[i].eat());
			fflush(stdout);
			for (;;)
				pause();
		}
	return 2;
}
