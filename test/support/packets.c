/*
 * Both ends of conversations over IPv4 and IPv6:
 *
 *	packets serve PORT			answers TCP and UDP. A TCP peer is told its own address in a line and then
 *						gets back what it sends; a datagram comes back as it is
 *	packets tcp ADDRESS PORT BYTES		sends and compares what comes back. Prints the address that the server
 *						sees, or the name of the error
 *	packets udp ADDRESS PORT BYTES		one datagram that nobody may cut (DF). Prints "back", or the name of the
 *						error; with EMSGSIZE also the path's MTU
 *	packets many PORT PARALLEL ROUNDS ADDRESS...
 *						every one of PARALLEL processes asks all addresses ROUNDS times by TCP.
 *						Prints "N answered, N failed" and the error that came last
 *	packets trips ADDRESS PORT COUNT	the median of that many round trips of one byte, in microseconds
 *	packets stream ADDRESS PORT MS		what goes through a TCP connection in one direction, in MB/s
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECONDS 10
#define TRIPS_MAX 100000

union address {
	struct sockaddr any;
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;
};

static char buffer[1 << 17], back[1 << 17];

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int failed(void)
{
	puts(strerrorname_np(errno));
	return 1;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
	for (ssize_t n; size > 0; bytes += n, size -= n)
		if ((n = write(fd, bytes, size)) <= 0)
			return false;
	return true;
}

static bool read_all(int fd, char *bytes, size_t size)
{
	for (ssize_t n; size > 0; bytes += n, size -= n)
		if ((n = read(fd, bytes, size)) <= 0) {
			if (n == 0)
				errno = EPIPE;
			return false;
		}
	return true;
}

/* What is timed has a processor for each end, so that the figure does not hang on where the scheduler puts them. */
static void pin(bool is_server)
{
	cpu_set_t all, one;

	CPU_ZERO(&one);
	if (sched_getaffinity(0, sizeof(all), &all) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && (is_server || CPU_COUNT(&one) == 0)) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
		}
	sched_setaffinity(0, sizeof(one), &one);
}

/*
 * The server's side of one connection: 'e' wants an echo, 't' one that is timed, 's' that all is swallowed and the
 * end confirmed.
 */
static void converse(int fd, const struct sockaddr_in6 *peer)
{
	char name[INET6_ADDRSTRLEN + 1];
	char mode;
	ssize_t n;

	if (read(fd, &mode, 1) != 1)
		return;
	if (mode != 'e')
		pin(true);
	if (mode != 's') {
		inet_ntop(AF_INET6, &peer->sin6_addr, name, INET6_ADDRSTRLEN);
		strcat(name, "\n");
		write_all(fd, name, strlen(name));
	}
	while ((n = read(fd, buffer, sizeof(buffer))) > 0)
		if (mode != 's' && !write_all(fd, buffer, n))
			return;
	if (mode == 's')
		write_all(fd, "k", 1);
}

/* A datagram goes back from the address that it came to, which need not be the first one. */
static void send_back(int fd)
{
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	struct sockaddr_in6 peer;
	struct iovec data = { .iov_base = buffer, .iov_len = sizeof(buffer) };
	struct msghdr message = { .msg_name = &peer, .msg_namelen = sizeof(peer), .msg_iov = &data, .msg_iovlen = 1,
				  .msg_control = control, .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(fd, &message, 0);
	struct cmsghdr *info = CMSG_FIRSTHDR(&message);

	if (n < 0 || info == NULL)
		return;
	((struct in6_pktinfo *)CMSG_DATA(info))->ipi6_ifindex = 0;
	data.iov_len = n;
	sendmsg(fd, &message, 0);
}

static int bound(int type, int port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0);
	int off = 0, on = 1;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0) {
		perror("packets: bind");
		exit(1);
	}
	return fd;
}

static int serve(int port)
{
	struct pollfd fds[] = { { bound(SOCK_STREAM, port), POLLIN, 0 }, { bound(SOCK_DGRAM, port), POLLIN, 0 } };
	struct sockaddr_in6 peer;
	socklen_t size;

	signal(SIGCHLD, SIG_IGN);
	listen(fds[0].fd, 1024);
	puts("ready");
	fflush(stdout);
	while (poll(fds, 2, -1) > 0) {
		size = sizeof(peer);
		if (fds[1].revents != 0) {
			send_back(fds[1].fd);
		} else {
			int fd = accept(fds[0].fd, (struct sockaddr *)&peer, &size);

			if (fd >= 0 && fork() == 0) {
				converse(fd, &peer);
				_exit(0);
			}
			close(fd);
		}
	}
	return 1;
}

/* A socket of that type that knows its peer, with time limits; -1 with errno. */
static int connected(int type, const char *text, int port)
{
	union address peer = { 0 };
	const struct timeval limit = { .tv_sec = SECONDS };
	int on = 1, fd;

	if (inet_pton(AF_INET, text, &peer.ip4.sin_addr) == 1) {
		peer.ip4.sin_family = AF_INET;
		peer.ip4.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &peer.ip6.sin6_addr) == 1) {
		peer.ip6.sin6_family = AF_INET6;
		peer.ip6.sin6_port = htons(port);
	} else {
		errno = EINVAL;
		return -1;
	}
	fd = socket(peer.any.sa_family, type, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(fd, &peer.any, peer.any.sa_family == AF_INET ? sizeof(peer.ip4) : sizeof(peer.ip6)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool read_line(int fd, char *line, size_t size)
{
	for (size_t i = 0; i + 1 < size; i++) {
		if (!read_all(fd, line + i, 1))
			return false;
		if (line[i] == '\n') {
			line[i] = '\0';
			return true;
		}
	}
	errno = EPROTO;
	return false;
}

/* One conversation. `seen` gets the address that the server sees. */
static bool ask(const char *address, int port, size_t bytes, char *seen, size_t size)
{
	int fd = connected(SOCK_STREAM, address, port);
	bool is_well = fd >= 0 && write_all(fd, "e", 1) && read_line(fd, seen, size);

	for (size_t n; is_well && bytes > 0; bytes -= n) {
		n = bytes < sizeof(buffer) ? bytes : sizeof(buffer);
		memset(buffer, 'a' + bytes % 26, n);
		is_well = write_all(fd, buffer, n) && read_all(fd, back, n);
		if (is_well && memcmp(buffer, back, n) != 0) {
			errno = EBADMSG;
			is_well = false;
		}
	}
	if (fd >= 0)
		close(fd);
	return is_well;
}

static int tcp(const char *address, int port, size_t bytes)
{
	char seen[64];

	if (!ask(address, port, bytes, seen, sizeof(seen)))
		return failed();
	puts(strncmp(seen, "::ffff:", 7) == 0 ? seen + 7 : seen);
	return 0;
}

/* That a datagram is too long is heard of only after the first one has been lost on its way. */
static int udp(const char *address, int port, size_t bytes)
{
	const struct timeval limit = { .tv_sec = 1 };
	const bool is_ip6 = strchr(address, ':') != NULL;
	const int level = is_ip6 ? IPPROTO_IPV6 : IPPROTO_IP;
	int mode = is_ip6 ? IPV6_PMTUDISC_DO : IP_PMTUDISC_DO, mtu = 0;
	socklen_t size = sizeof(mtu);
	int fd = connected(SOCK_DGRAM, address, port);

	setsockopt(fd, level, is_ip6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, &mode, sizeof(mode));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	for (int tries = 0; tries < SECONDS; tries++) {
		if (send(fd, buffer, bytes, 0) < 0 || recv(fd, back, sizeof(back), 0) < 0) {
			if (errno == EAGAIN)
				continue;
			if (errno != EMSGSIZE)
				return failed();
			getsockopt(fd, level, is_ip6 ? IPV6_MTU : IP_MTU, &mtu, &size);
			printf("EMSGSIZE %d\n", mtu);
			return 1;
		}
		puts("back");
		return 0;
	}
	return failed();
}

static int many(int port, int parallel, int rounds, char **addresses)
{
	struct {
		int answered, failed, error;
	} *sum = mmap(NULL, sizeof(*sum), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char seen[64];

	for (int i = 0; i < parallel; i++) {
		if (fork() != 0)
			continue;
		for (int n = 0; n < rounds; n++)
			for (char **one = addresses; *one != NULL; one++) {
				if (ask(*one, port, 1000, seen, sizeof(seen))) {
					__atomic_add_fetch(&sum->answered, 1, __ATOMIC_RELAXED);
					continue;
				}
				sum->error = errno;
				__atomic_add_fetch(&sum->failed, 1, __ATOMIC_RELAXED);
			}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	printf("%d answered, %d failed", sum->answered, sum->failed);
	printf(sum->failed > 0 ? " (%s)\n" : "\n", strerrorname_np(sum->error));
	return sum->failed > 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int trips(const char *address, int port, int count)
{
	static int64_t times[TRIPS_MAX];
	char line[64], byte = 'x';
	int fd = connected(SOCK_STREAM, address, port);

	pin(false);
	if (fd < 0 || count > TRIPS_MAX || !write_all(fd, "t", 1) || !read_line(fd, line, sizeof(line)))
		return failed();
	for (int i = 0; i < count; i++) {
		int64_t began = nanoseconds();

		if (!write_all(fd, &byte, 1) || !read_all(fd, &byte, 1))
			return failed();
		times[i] = nanoseconds() - began;
	}
	qsort(times, count, sizeof(*times), compare);
	printf("%.2f\n", (double)times[count / 2] / 1e3);
	return 0;
}

static int stream(const char *address, int port, int ms)
{
	int fd = connected(SOCK_STREAM, address, port);
	int64_t began, bytes = 0;
	char byte;

	pin(false);
	if (fd < 0 || !write_all(fd, "s", 1))
		return failed();
	began = nanoseconds();
	for (; nanoseconds() - began < (int64_t)ms * 1000000; bytes += sizeof(buffer))
		if (!write_all(fd, buffer, sizeof(buffer)))
			return failed();
	shutdown(fd, SHUT_WR);
	if (!read_all(fd, &byte, 1))
		return failed();
	printf("%.1f\n", (double)bytes * 1e3 / (double)(nanoseconds() - began));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 2 ? argv[1] : "";

	signal(SIGPIPE, SIG_IGN);
	if (strcmp(what, "serve") == 0)
		return serve(atoi(argv[2]));
	if (argc > 5 && strcmp(what, "many") == 0)
		return many(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), argv + 5);
	if (argc != 5)
		return 2;
	if (strcmp(what, "tcp") == 0)
		return tcp(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (strcmp(what, "udp") == 0)
		return udp(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (strcmp(what, "trips") == 0)
		return trips(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (strcmp(what, "stream") == 0)
		return stream(argv[2], atoi(argv[3]), atoi(argv[4]));
	return 2;
}
