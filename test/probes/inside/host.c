/* What a jail must not find: run on the host, beside the jails. Prints the port, and stays. */
#include "probe.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>

static int listen_on(int family, const void *address, socklen_t length)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, address, length) < 0 || listen(fd, 1) < 0)
		return -1;
	return fd;
}

/* SIGTERM, or the end of who has started it: what is made here is to go. */
static void wait_for_end(void)
{
	sigset_t end;
	int sig;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigwait(&end, &sig);
}

int be_host(const char *name, int key)
{
	struct sockaddr_un abstract = { .sun_family = AF_UNIX };
	struct sockaddr_in loopback = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(loopback);
	size_t bytes = strlen(name);
	char queue[64];
	int fd, segment;

	memcpy(abstract.sun_path + 1, name, bytes);
	snprintf(queue, sizeof(queue), "/%s", name);
	fd = listen_on(AF_INET, &loopback, sizeof(loopback));
	if (listen_on(AF_UNIX, &abstract, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + bytes)) < 0 ||
	    fd < 0 || getsockname(fd, (void *)&loopback, &length) < 0 ||
	    mq_open(queue, O_CREAT | O_RDWR, 0666, NULL) < 0)
		return 1;
	segment = shmget(key, 4096, IPC_CREAT | 0666);
	printf("%d\n", ntohs(loopback.sin_port));
	fflush(stdout);
	wait_for_end();
	mq_unlink(queue);
	return shmctl(segment, IPC_RMID, NULL) < 0;
}
