#include "jail.h"
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_fields(char *bytes, size_t *size, size_t max, va_list fields)
{
	const char *field;

	while ((field = va_arg(fields, const char *)) != NULL) {
		size_t n = strlen(field) + 1;

		check(*size + n <= max);
		memcpy(bytes + *size, field, n);
		*size += n;
	}
}

void plan_add(struct jail *jail, ...)
{
	va_list fields;

	va_start(fields, jail);
	add_fields(jail->plan, &jail->plan_size, sizeof(jail->plan), fields);
	va_end(fields);
}

static void copy_busybox(const char *root)
{
	static const char *const dirs[] = { "bin", "dev", "etc", "proc", "sys", "tmp", "root" };
	static const char *const names[] = { "sh", "true", "cat", "ls", "sleep", "id", "ps", "tty",
					     "hostname", "kill", "seq", "stat", "mount", "env",
					     "pwd", "grep", "wc", "echo", "readlink", "touch",
					     "umount", "uname", "mkdir", "chroot", "su", "cut",
					     "unshare" };
	static char block[65536];
	char path[192];
	FILE *from = fopen("/usr/bin/busybox", "r"), *to;
	size_t n;

	chmod(root, 0755);
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, dirs[i]);
		check(mkdir(path, 0755) == 0);
	}
	snprintf(path, sizeof(path), "%s/bin/busybox", root);
	check(from != NULL && (to = fopen(path, "w")) != NULL);
	while ((n = fread(block, 1, sizeof(block), from)) > 0)
		check(fwrite(block, 1, n, to) == n);
	fclose(from);
	fclose(to);
	chmod(path, 0755);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/bin/%s", root, names[i]);
		check(symlink("busybox", path) == 0);
	}
}

void jail_prepare(struct jail *jail)
{
	*jail = (struct jail){ .monitor = -1 };
	strcpy(jail->dir, "/tmp/jailer-test.XXXXXX");
	check(mkdtemp(jail->dir) != NULL);
	chmod(jail->dir, 0755);
	snprintf(jail->root, sizeof(jail->root), "%s/root", jail->dir);
	snprintf(jail->log, sizeof(jail->log), "%s/log", jail->dir);
	check(mkdir(jail->root, 0755) == 0);
	copy_busybox(jail->root);
}

bool has_time_namespaces(void)
{
	return access("/proc/self/ns/time", F_OK) == 0;
}

void plan_usual(struct jail *jail)
{
	static const char map[] = "0 1000000 65536";

	plan_add(jail, "version", "1", "name", "web", "launch", "0123456789abcdef0123456789abcdef",
		 "rundir", jail->dir, "log", jail->log, "0", "1", "plain", NULL);
	plan_add(jail, "namespaces",
		 has_time_namespaces() ? "mount,uts,ipc,pid,net,user,cgroup,time" :
					 "mount,uts,ipc,pid,net,user,cgroup", "uid_map", map,
		 "gid_map", map, "hostname", "web.example", "root", jail->root, "idmap,nosuid", NULL);
	plan_add(jail, "mount", "proc", "proc", "proc", "nosuid,nodev,noexec", NULL);
		plan_add(jail, "mount", "nodes", "dev", "dev",
		 "nosuid,noexec,size=64k,mode=755,uid=1000000,gid=1000000", NULL);
	plan_add(jail, "mkdir", "dev/pts", "755", NULL);
	plan_add(jail, "mount", "devpts", "devpts", "dev/pts",
		 "nosuid,noexec,newinstance,ptmxmode=666,mode=620", NULL);
	plan_add(jail, "symlink", "dev/ptmx", "pts/ptmx", NULL);
	plan_add(jail, "node", "dev/null", "c", "1:3", "666", NULL);
	plan_add(jail, "node", "dev/zero", "c", "1:5", "666", "node", "dev/tty", "c", "5:0", "666",
		 NULL);
	plan_add(jail, "env", "PATH=/bin", "env", "TERM=dumb", "caps", "00000000a80425fb",
		 "no_new_privs", "yes", "rlimit", "core", "0", "0", NULL);
}

static int listen_at(const struct jail *jail)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/jailer.sock", jail->dir);
	check(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	      listen(fd, 64) == 0);
	return fd;
}

static int write_plan(const struct jail *jail)
{
	int fd = memfd_create("plan", MFD_CLOEXEC);

	check(fd >= 0 && write(fd, jail->plan, jail->plan_size) == (ssize_t)jail->plan_size);
	return fd;
}

static pid_t spawn_jailer(int plan, int listener)
{
	const char *binary = getenv("JAILER");
	char *argv[] = { "jailer", NULL };
	posix_spawn_file_actions_t actions;
	extern char **environ;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	for (int i = 0; i < 3; i++)
		if (i != 2 || getenv("JAILER_STDERR") == NULL)
			posix_spawn_file_actions_addopen(&actions, i, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&actions, plan, 3);
	posix_spawn_file_actions_adddup2(&actions, listener, 4);
	check(binary != NULL && posix_spawn(&pid, binary, &actions, NULL, argv, environ) == 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static int connect_to(const struct jail *jail)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/jailer.sock", jail->dir);
	check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

void jail_start(struct jail *jail, bool go)
{
	int plan = fcntl(write_plan(jail), F_DUPFD_CLOEXEC, 10);
	int listener = fcntl(listen_at(jail), F_DUPFD_CLOEXEC, 10);

	jail->jailer = spawn_jailer(plan, listener);
	close(plan);
	close(listener);
	jail->monitor = connect_to(jail);
	jail_say(jail->monitor, "monitor", NULL);
	if (go)
		jail_say(jail->monitor, "go", NULL);
}

void jail_run(struct jail *jail, const char *script)
{
	struct event e;

	plan_add(jail, "run", "command", "0", "3", "sh", "-c", script, NULL);
	jail_start(jail, true);
	check(jail_await(jail, "running", &e));
}

static void send_message(int fd, const char *bytes, size_t size, const int *fds)
{
	char message[65536 + 4];
	char control[CMSG_SPACE(3 * sizeof(int))] = { 0 };
	struct iovec iov = { message, size + 4 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	for (int i = 0; i < 4; i++)
		message[i] = (char)(size >> (8 * i));
	memcpy(message + 4, bytes, size);
	if (fds != NULL) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(3 * sizeof(int));
		memcpy(CMSG_DATA(c), fds, 3 * sizeof(int));
	}
	sendmsg(fd, &msg, MSG_NOSIGNAL);
}

void jail_say(int fd, ...)
{
	char bytes[65536];
	size_t size = 0;
	va_list fields;

	va_start(fields, fd);
	add_fields(bytes, &size, sizeof(bytes), fields);
	va_end(fields);
	send_message(fd, bytes, size, NULL);
}

int jail_client(struct jail *jail, const int *fds, ...)
{
	int fd = connect_to(jail);
	char bytes[65536];
	size_t size = 0;
	va_list fields;

	va_start(fields, fds);
	add_fields(bytes, &size, sizeof(bytes), fields);
	va_end(fields);
	send_message(fd, bytes, size, fds);
	return fd;
}

void jail_loopback(const struct jail *jail)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	char path[64];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", jail->init);
	pid = fork();
	if (pid == 0)
		_exit(setns(open(path, O_RDONLY), CLONE_NEWNET) < 0 ||
		      ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &lo) < 0);
	check(waitpid(pid, &status, 0) == pid && status == 0);
}

static bool receive(int fd, char *to, size_t n, int *right)
{
	while (n > 0) {
		struct pollfd p = { fd, POLLIN, 0 };
		char control[CMSG_SPACE(sizeof(int))];
		struct iovec iov = { to, n };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				      .msg_controllen = sizeof(control) };
		struct cmsghdr *c;
		ssize_t got;

		check(poll(&p, 1, 200000) == 1);
		got = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
		if (got <= 0)
			return false;
		c = CMSG_FIRSTHDR(&msg);
		if (c != NULL && c->cmsg_type == SCM_RIGHTS)
			memcpy(right, CMSG_DATA(c), sizeof(int));
		to += got;
		n -= (size_t)got;
	}
	return true;
}

bool jail_event(int fd, struct event *e)
{
	unsigned char count[4];
	size_t size, at = 0;

	*e = (struct event){ .right = -1 };
	if (!receive(fd, (char *)count, 4, &e->right))
		return false;
	size = count[0] | (size_t)count[1] << 8 | (size_t)count[2] << 16 | (size_t)count[3] << 24;
	check(size > 0 && size <= sizeof(e->bytes));
	check(receive(fd, e->bytes, size, &e->right));
	check(e->bytes[size - 1] == '\0');
	while (at < size && e->count < FIELDS_MAX) {
		e->fields[e->count++] = e->bytes + at;
		at += strlen(e->bytes + at) + 1;
	}
	return true;
}

const char *event_text(const struct event *e, char *buffer, size_t size)
{
	size_t used = 0;

	buffer[0] = '\0';
	for (int i = 0; i < e->count; i++)
		used += (size_t)snprintf(buffer + used, size - used, "%s%s", i > 0 ? " " : "",
					 e->fields[i]);
	return buffer;
}

bool jail_await(struct jail *jail, const char *type, struct event *e)
{
	char text[4200];

	while (jail_event(jail->monitor, e)) {
		if (getenv("VERBOSE") != NULL)
			fprintf(stderr, "  %s\n", event_text(e, text, sizeof(text)));
		if (strcmp(e->fields[0], "hello") == 0)
			jail->init = atoi(e->fields[3]);
		if (strcmp(e->fields[0], type) == 0)
			return true;
	}
	return false;
}

void expect_event(int fd, const char *expected)
{
	struct event e;
	char text[4200];

	check(jail_event(fd, &e));
	check_text(event_text(&e, text, sizeof(text)), expected);
}

void jail_expect(struct jail *jail, const char *type, const char *expected)
{
	struct event e;
	char text[4200];

	check(jail_await(jail, type, &e));
	check_text(event_text(&e, text, sizeof(text)), expected);
}

const char *jail_output(struct jail *jail, const char *script)
{
	plan_add(jail, "run", "command", "0", "3", "/bin/sh", "-c", script, NULL);
	jail_start(jail, true);
	jail_expect(jail, "exited", "exited exit 0");
	return file_text(jail->dir, "log");
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int jail_end(struct jail *jail)
{
	int status = 0;

	if (jail->monitor >= 0)
		close(jail->monitor);
	if (jail->jailer > 0)
		check(waitpid(jail->jailer, &status, 0) == jail->jailer);
	check(nftw(jail->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
	return status;
}

void jail_expect_end(struct jail *jail, const char *exited)
{
	struct event e;

	jail_expect(jail, "exited", exited);
	check(!jail_event(jail->monitor, &e));
	/* PID 1 and everyone below it is gone before it is said. */
	check(jail->init <= 0 || is_gone(jail->init));
	check(jail_end(jail) == 0);
}

void jail_kill(struct jail *jail)
{
	jail_say(jail->monitor, "kill", NULL);
	jail_expect_end(jail, "exited signal 9");
}

bool is_gone(pid_t pid)
{
	char path[32], line[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f == NULL)
		return true;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	return strstr(line, ") Z ") != NULL;
}

const char *file_text(const char *dir, const char *name)
{
	static char text[1 << 20];
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		return "";
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}
