/*
 * events FILE MILLISECONDS [LEAST]: prints "ready", then how many times others have opened, changed or closed the file
 * in that time; with LEAST it waits until there were so many, for however long.
 * events lock FILE: prints whether it gets an exclusive lock at once, and holds it until it is ended.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds. */
static long now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int lock(const char *path)
{
	int fd = open(path, O_RDWR);

	puts(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 ? "locked" : "held by another");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct pollfd poller = { .fd = inotify_init1(IN_CLOEXEC), .events = POLLIN };
	char events[4096];
	int count = 0, least = argc == 4 ? atoi(argv[3]) : 0;
	long left, end;

	if (argc == 3 && strcmp(argv[1], "lock") == 0)
		return lock(argv[2]);
	if (argc < 3 || inotify_add_watch(poller.fd, argv[1], IN_ALL_EVENTS) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	end = now() + atoi(argv[2]);
	while (count < least || ((left = end - now()) > 0 && poll(&poller, 1, (int)left) > 0)) {
		ssize_t n = read(poller.fd, events, sizeof(events));

		for (char *at = events; at < events + n; count++)
			at += sizeof(struct inotify_event) + ((struct inotify_event *)at)->len;
	}
	printf("%d\n", count);
	return 0;
}
