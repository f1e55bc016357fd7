/*
 * usage: silent_fuse [-r] DIRECTORY: mounts a file system there that says hello to the kernel and then nothing, until it is
 * killed. With -r its root is there for everybody, and whatever is looked up in it is taken without an answer: who waits for
 * that cannot be killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void greet(int fd)
{
	static char request[1 << 16];
	struct {
		struct fuse_out_header header;
		struct fuse_init_out init;
	} answer;
	struct fuse_in_header *asked = (struct fuse_in_header *)request;

	if (read(fd, request, sizeof(request)) < (ssize_t)sizeof(*asked) || asked->opcode != FUSE_INIT)
		fail("FUSE_INIT");
	memset(&answer, 0, sizeof(answer));
	answer.header.len = sizeof(answer);
	answer.header.unique = asked->unique;
	answer.init.major = FUSE_KERNEL_VERSION;
	answer.init.minor = FUSE_KERNEL_MINOR_VERSION;
	answer.init.max_write = 4096;
	if (write(fd, &answer, sizeof(answer)) != sizeof(answer))
		fail("write");
}

static void show_root(int fd, const struct fuse_in_header *asked)
{
	struct {
		struct fuse_out_header header;
		struct fuse_attr_out found;
	} answer;

	memset(&answer, 0, sizeof(answer));
	answer.header.len = sizeof(answer);
	answer.header.unique = asked->unique;
	answer.found.attr.ino = FUSE_ROOT_ID;
	answer.found.attr.mode = S_IFDIR | 0755;
	answer.found.attr.nlink = 2;
	if (write(fd, &answer, sizeof(answer)) < 0)
		fail("FUSE_GETATTR");
}

static void refuse(int fd, const struct fuse_in_header *asked)
{
	struct fuse_out_header answer = { sizeof(answer), -ENOSYS, asked->unique };

	if (write(fd, &answer, sizeof(answer)) < 0 && errno != ENOENT)
		fail("answer");
}

static void take_requests(int fd)
{
	static char request[1 << 16];
	const struct fuse_in_header *asked = (const struct fuse_in_header *)request;

	while (read(fd, request, sizeof(request)) > 0) {
		if (asked->opcode == FUSE_GETATTR && asked->nodeid == FUSE_ROOT_ID)
			show_root(fd, asked);
		else if (asked->opcode != FUSE_LOOKUP && asked->opcode != FUSE_FORGET)
			refuse(fd, asked);
	}
}

int main(int argc, char **argv)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	const int shows_root = argc == 3 && strcmp(argv[1], "-r") == 0;
	char options[128];

	if (argc != 2 + shows_root || fd < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0%s", fd,
		 shows_root ? ",allow_other" : "");
	if (mount("silent", argv[argc - 1], "fuse", 0, options) < 0)
		fail("mount");
	greet(fd);
	puts("mounted");
	fflush(stdout);
	if (shows_root)
		take_requests(fd);
	for (;;)
		pause();
}
