/*
 * Harmless tries of what one jail could do to others or find of them. Prints what came of it:
 *   abstract listen|connect NAME   an abstract socket
 *   give SOCKET DIRECTORY          for the host: hands whoever connects the opened directory
 *   take SOCKET FILE               what of such a directory can be opened
 *   inotify COUNT                  how many of so many instances the kernel gives
 *   signals COUNT                  how many of so many signals it can queue for itself
 *   queues COUNT                   how many of so many POSIX message queues it gets
 *   euid                           the effective user, for a set-user-ID copy
 *   nice                           whether it gets the CPU before others
 *   file-capability FILE           whether it may give one to a file
 *   with-key COMMAND...            runs a command with a session keyring that has the key host-secret
 *   find-key NAME                  whether its session keyring has a key of this name
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static int answer(const char *what, long result)
{
	if (result < 0)
		puts(strerror(errno));
	else
		puts(what);
	fflush(stdout);
	return 0;
}

static int abstract_socket(const char *what, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);

	memcpy(address.sun_path + 1, name, length);
	if (strcmp(what, "connect") == 0)
		return answer("connected", connect(fd, (struct sockaddr *)&address, size));
	if (bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 1) < 0)
		return answer("", -1);
	answer("listening", 0);
	for (;;)
		pause();
}

static int path_socket(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	strncpy(address->sun_path, path, sizeof(address->sun_path) - 1);
	return socket(AF_UNIX, SOCK_STREAM, 0);
}

union descriptor {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static int give_directory(const char *path, const char *directory)
{
	union descriptor control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)),
						 .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct sockaddr_un address;
	int listener = path_socket(path, &address), given = open(directory, O_RDONLY | O_DIRECTORY);

	if (given < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(path, 0666) < 0 || listen(listener, 8) < 0)
		return answer("", -1);
	answer("listening", 0);
	memcpy(CMSG_DATA(&control.header), &given, sizeof(given));
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		sendmsg(fd, &msg, MSG_NOSIGNAL);
		close(fd);
	}
}

static int take_directory(const char *path, const char *file)
{
	union descriptor control;
	char byte, text[64];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	struct sockaddr_un address;
	int fd = path_socket(path, &address), taken;
	ssize_t n;

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    recvmsg(fd, &msg, 0) != 1 || CMSG_FIRSTHDR(&msg) == NULL)
		return answer("", -1);
	memcpy(&taken, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(taken));
	fd = openat(taken, file, O_RDONLY);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	text[n < 0 ? 0 : n] = '\0';
	return answer(text, n);
}

static int inotify_instances(int wanted)
{
	int got = 0;

	while (got < wanted && inotify_init1(IN_CLOEXEC) >= 0)
		got++;
	printf("%d\n", got);
	return 0;
}

static int queued_signals(int wanted)
{
	union sigval none = { 0 };
	sigset_t held;
	int got = 0;

	sigemptyset(&held);
	sigaddset(&held, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &held, NULL);
	while (got < wanted && sigqueue(getpid(), SIGRTMIN, none) == 0)
		got++;
	printf("%d\n", got);
	return 0;
}

static int message_queues(int wanted)
{
	char name[32];
	int got = 0;

	for (; got < wanted; got++) {
		snprintf(name, sizeof(name), "/queue%d", got);
		if (mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL) < 0)
			break;
	}
	printf("%d\n", got);
	for (int i = 0; i < got; i++) {
		snprintf(name, sizeof(name), "/queue%d", i);
		mq_unlink(name);
	}
	return 0;
}

static int before_others(void)
{
	return answer("given", setpriority(PRIO_PROCESS, 0, -5));
}

/* cap_net_bind_service, which every jail has. */
static int file_capability(const char *file)
{
	struct vfs_cap_data value = { .magic_etc = VFS_CAP_REVISION_2,
				      .data = { { .permitted = 1 << CAP_NET_BIND_SERVICE } } };

	return answer("given", setxattr(file, "security.capability", &value, sizeof(value), 0));
}

/* For the host: a session keyring with a key in it, kept by what is executed then. */
static int with_key(char **argv)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	syscall(SYS_add_key, "user", "host-secret", "x", 1, KEY_SPEC_SESSION_KEYRING);
	execvp(argv[0], argv);
	return 127;
}

static int find_key(const char *name)
{
	return answer("found", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user",
				       name, 0));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "abstract") == 0 && argc == 4)
		return abstract_socket(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "give") == 0)
		return give_directory(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "take") == 0)
		return take_directory(argv[2], argv[3]);
	if (strcmp(what, "inotify") == 0 && argc == 3)
		return inotify_instances(atoi(argv[2]));
	if (strcmp(what, "signals") == 0 && argc == 3)
		return queued_signals(atoi(argv[2]));
	if (strcmp(what, "queues") == 0 && argc == 3)
		return message_queues(atoi(argv[2]));
	if (strcmp(what, "nice") == 0)
		return before_others();
	if (strcmp(what, "file-capability") == 0 && argc == 3)
		return file_capability(argv[2]);
	if (strcmp(what, "with-key") == 0 && argc > 2)
		return with_key(argv + 2);
	if (strcmp(what, "find-key") == 0 && argc == 3)
		return find_key(argv[2]);
	printf("%d\n", (int)geteuid());
	return 0;
}
