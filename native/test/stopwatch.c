/*
 * stopwatch: times what is too short to be timed from a large process, whose fork alone takes longer.
 *
 *	stopwatch		one request on each line of stdin, its words separated by tabs:
 *				"run PROGRAM WORD..." runs it and waits until it has ended, its output thrown away;
 *				"crash PID FIFO" kills a process and waits for the next `beat FIFO`.
 *				Each is answered by a line "MICROSECONDS STATUS" of wait(2).
 *	stopwatch beat FIFO	writes the time to the FIFO and then sleeps for ever: what a jail runs that is to be timed.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 64

static int64_t nanoseconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void answer(int64_t began, int64_t ended, int status)
{
	printf("%.1f %d\n", (double)(ended - began) / 1e3, status);
	fflush(stdout);
}

static int beat(const char *fifo)
{
	int fd = open(fifo, O_WRONLY);
	/* A jail's other clocks begin with the jail. */
	int64_t now = nanoseconds(CLOCK_REALTIME);

	if (fd < 0 || write(fd, &now, sizeof(now)) != (ssize_t)sizeof(now))
		return 1;
	for (;;)
		pause();
}

static void run(char **argv, const posix_spawn_file_actions_t *quiet)
{
	int64_t began = nanoseconds(CLOCK_MONOTONIC);
	int status = -1;
	pid_t pid;

	if (posix_spawn(&pid, argv[0], quiet, NULL, argv, environ) == 0)
		waitpid(pid, &status, 0);
	answer(began, nanoseconds(CLOCK_MONOTONIC), status);
}

static void crash(pid_t pid, const char *fifo)
{
	int fd = open(fifo, O_RDWR);
	int64_t began = nanoseconds(CLOCK_REALTIME), beaten = began;
	bool failed = fd < 0 || kill(pid, SIGKILL) < 0 || read(fd, &beaten, sizeof(beaten)) != (ssize_t)sizeof(beaten);

	answer(began, beaten, failed);
	close(fd);
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t quiet;
	char *words[WORDS_MAX + 1], *line = NULL;
	size_t size = 0;

	if (argc == 3 && strcmp(argv[1], "beat") == 0)
		return beat(argv[2]);
	posix_spawn_file_actions_init(&quiet);
	for (int fd = 0; fd <= 2; fd++)
		posix_spawn_file_actions_addopen(&quiet, fd, "/dev/null", O_RDWR, 0);
	while (getline(&line, &size, stdin) > 0) {
		int count = 0;

		for (char *word = strtok(line, "\t\n"); word != NULL && count < WORDS_MAX; word = strtok(NULL, "\t\n"))
			words[count++] = word;
		words[count] = NULL;
		if (count > 1 && strcmp(words[0], "run") == 0)
			run(words + 1, &quiet);
		else if (count == 3 && strcmp(words[0], "crash") == 0)
			crash(atoi(words[1]), words[2]);
		else
			return 2;
	}
	return 0;
}
