#include "message.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD 4

void frame_begin(struct frame *f, const char *type)
{
	f->used = HEAD;
	frame_add(f, type);
}

void frame_add(struct frame *f, const char *field)
{
	size_t room = sizeof(f->bytes) - f->used - 1;
	size_t n = strnlen(field, room);

	memcpy(f->bytes + f->used, field, n);
	f->bytes[f->used + n] = '\0';
	f->used += n + 1;
}

void frame_add_number(struct frame *f, int64_t n)
{
	char digits[24];
	struct text t;

	text_begin(&t, digits, sizeof(digits));
	text_put_number(&t, n);
	frame_add(f, digits);
}

int frame_send(int fd, struct frame *f, int right)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = f->bytes, .iov_len = f->used };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	uint32_t size = (uint32_t)(f->used - HEAD);

	for (int i = 0; i < HEAD; i++)
		f->bytes[i] = (char)(size >> (8 * i));
	if (right >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = sizeof(control.bytes);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &right, sizeof(int));
	}
	if (sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)f->used)
		return 0;
	return -1;
}

static void take_descriptors(struct inbox *in, struct msghdr *msg)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);

	/* One control message at most: the buffer has room for three descriptors. */
	if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
		if (in->fd_count < MESSAGE_FDS)
			in->fds[in->fd_count++] = fd;
		else
			close(fd);
	}
}

static ssize_t receive(struct inbox *in, int fd, void *to, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
			      .msg_controllen = sizeof(control.bytes) };
	ssize_t got;

	do
		got = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got > 0) {
		take_descriptors(in, &msg);
		in->have += (uint32_t)got;
	}
	return got;
}

static bool map_message(struct inbox *in)
{
	in->size = 0;
	for (int i = 0; i < HEAD; i++)
		in->size |= (uint32_t)(unsigned char)in->count[i] << (8 * i);
	if (in->size == 0 || in->size > MESSAGE_MAX)
		return false;
	in->bytes = mmap(NULL, in->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);
	if (in->bytes != MAP_FAILED)
		return true;
	in->bytes = NULL;
	return false;
}

int inbox_read(struct inbox *in, int fd, struct fields *fields)
{
	for (;;) {
		ssize_t got;

		if (in->have == HEAD && in->bytes == NULL && !map_message(in))
			return -1;
		if (in->have == in->size + HEAD && in->bytes != NULL)
			break;
		got = in->have < HEAD ? receive(in, fd, in->count + in->have, HEAD - in->have) :
					receive(in, fd, in->bytes + in->have - HEAD,
						in->size + HEAD - in->have);
		if (got < 0 && errno == EAGAIN)
			return 0;
		if (got <= 0)
			return -1;
	}
	*fields = (struct fields){ .at = in->bytes, .end = in->bytes + in->size };
	return 1;
}

void inbox_clear(struct inbox *in)
{
	for (int i = 0; i < in->fd_count; i++)
		close(in->fds[i]);
	if (in->bytes != NULL)
		munmap(in->bytes, in->size);
	*in = (struct inbox){ .have = 0 };
}
