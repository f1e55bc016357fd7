/* One try in a child of its own, which it may take down. */
#ifndef ATTEMPT_H
#define ATTEMPT_H

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Its wait status: exit 0 where the call succeeds, else its errno. */
static int attempt(long (*call)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int error;

		errno = 0;
		error = call() >= 0 ? 0 : errno;
		fflush(stdout);
		_exit(error);
	}
	waitpid(pid, &status, 0);
	return status;
}

#endif
