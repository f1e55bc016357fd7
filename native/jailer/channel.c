#include "channel.h"

#include <errno.h>
#include <string.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

const char *how_name(enum how how)
{
	static const char *const names[] = { "exit", "signal", "timeout", "error" };

	return (unsigned int)how < 4 ? names[how] : "error";
}

void note_subject(struct note *note, const char *subject)
{
	size_t n = strnlen(subject, SUBJECT_MAX - 1);

	memcpy(note->subject, subject, n);
	note->subject[n] = '\0';
}

int channel_send(int fd, const void *message, size_t size, const int *fds, int count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * TREES_MAX)];
	} control;
	struct iovec iov = { .iov_base = (void *)message, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (count > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
		c = CMSG_FIRSTHDR(&msg);
		memset(control.bytes, 0, msg.msg_controllen);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * (size_t)count);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)size ? 0 : -1;
}

/* Takes what fits and closes the rest: a descriptor too many is never kept. */
static void take_descriptors(const struct cmsghdr *c, int *fds, int max, int *count)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (*count < max)
			fds[(*count)++] = fd;
		else
			close(fd);
	}
}

int channel_receive(int fd, void *message, size_t size, int *fds, int *count, pid_t *sender,
		    int flags)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * TREES_MAX) + CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec iov = { .iov_base = message, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control) };
	int max = *count;
	ssize_t n;

	*count = 0;
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | flags);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c != NULL; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET)
			continue;
		if (c->cmsg_type == SCM_RIGHTS)
			take_descriptors(c, fds, max, count);
		if (c->cmsg_type == SCM_CREDENTIALS && sender != NULL)
			memcpy(sender, CMSG_DATA(c) + offsetof(struct ucred, pid), sizeof(*sender));
	}
	if (n == (ssize_t)size)
		return 1;
	errno = EBADMSG;
	return -1;
}
