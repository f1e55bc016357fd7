#include "copier.h"
#include "calls.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

struct reply {
	int32_t error;
	bool deep;
};

static int copy(const struct jailer *j, int source, bool *deep)
{
	int tree;

	if (setns(j->pidfd, CLONE_NEWNS) < 0 || fchdir(source) < 0 ||
	    unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	tree = sys_open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE);
	*deep = tree < 0 && errno == EINVAL;
	/* To copy it alone would show what is beneath those below it. */
	return *deep ? sys_open_tree(AT_FDCWD, ".", OPEN_TREE_CLONE | AT_RECURSIVE) : tree;
}

_Noreturn static void run(const struct jailer *j, int socket)
{
	struct reply reply = { .error = 0 };
	int source = -1, tree = -1, count = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (channel_receive(socket, &reply, sizeof(reply), &source, &count, NULL, 0) != 1)
		_exit(0);	/* it came to nothing */
	tree = copy(j, source, &reply.deep);
	reply.error = tree < 0 ? errno : 0;
	_exit(channel_send(socket, &reply, sizeof(reply), &tree, tree >= 0) < 0);
}

int copier_start(const struct jailer *j)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		run(j, ends[1]);
	}
	close(ends[1]);
	return pid < 0 ? -1 : ends[0];
}

int copier_copy(int copier, int source, bool *deep)
{
	struct reply reply = { .error = 0 };
	int tree = -1, count = 1;

	if (channel_send(copier, &reply, sizeof(reply), &source, 1) < 0 ||
	    channel_receive(copier, &reply, sizeof(reply), &tree, &count, NULL, 0) != 1)
		return -1;
	/* It holds on to the source until it is gone. */
	waitpid(-1, NULL, 0);
	*deep = reply.deep;
	errno = reply.error;
	return tree;
}
