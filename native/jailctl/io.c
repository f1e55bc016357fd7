#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* sun_path has 108 bytes; a longer path is reached through a descriptor of the socket's file. */
static int put_address(struct sockaddr_un *address, const char *path)
{
	int fd = -1;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(address->sun_path)) {
		strcpy(address->sun_path, path);
		return fd;
	}
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd >= 0)
		snprintf(address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d", fd);
	return fd;
}

int connect_to(const char *path)
{
	struct sockaddr_un address;
	int file = put_address(&address, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = address.sun_path[0] ? 0 : errno;

	if (fd >= 0 && !error && connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = errno;
	if (file >= 0)
		close(file);
	if (fd < 0 || !error)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

bool write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, bytes, n);

		if (done >= 0) {
			bytes += done;
			n -= (size_t)done;
		} else if (errno == EAGAIN) {
			/* Whoever shares the descriptor with us has made it non-blocking. */
			poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

void print(int fd, const char *bytes, size_t n)
{
	if (write_all(fd, bytes, n))
		return;
	if (errno == EPIPE)
		exit(CODE_SIGNAL + SIGPIPE);
	COMPLAIN(fd == STDOUT_FILENO ? "stdout: " : "stderr: ", strerror(errno));
	exit(CODE_FAILED);
}

/* A terminal obeys control characters, those of two bytes in UTF-8 (C2 80 to C2 9F) as well. */
char *make_harmless(char *text)
{
	unsigned char before = 0;

	for (unsigned char *at = (unsigned char *)text; *at; before = *at++)
		if (*at < 0x20 || *at == 0x7f || (before == 0xc2 && *at < 0xa0))
			*at = '?';
	return text;
}

void complain(const char *const *parts)
{
	char line[8192] = "error: ";
	size_t n = strlen(line);

	/* On the screen that stays. */
	restore_terminal();
	for (; *parts; parts++)
		n = strlen(strncat(line, *parts, sizeof(line) - 2 - n));
	make_harmless(line);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;		/* there is nobody left to tell */
}

uint32_t read_u32(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

void put_u32(char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(value >> (8 * i));
}
