/* usage: silent_fuse DIRECTORY: mounts a file system there that says hello to the kernel and then nothing, until it is killed */
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
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

int main(int argc, char **argv)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	char options[128];

	if (argc != 2 || fd < 0)
		fail("/dev/fuse");
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", fd);
	if (mount("silent", argv[1], "fuse", 0, options) < 0)
		fail("mount");
	greet(fd);
	puts("mounted");
	fflush(stdout);
	for (;;)
		pause();
}
