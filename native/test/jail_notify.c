#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* The host's number of root in the jail. */
#define ROOT 1000000

static void running(struct jail *jail)
{
	char path[96];

	jail_prepare(jail);
	plan_usual(jail);
	snprintf(path, sizeof(path), "%s/notify", jail->dir);
	plan_add(jail, "notify", path, NULL);
	plan_add(jail, "mount", "bind", path, "dev/notify", "create,ro,nosuid,nodev,noexec", NULL);
	jail_run(jail, "exec sleep 1000");
}

/* As `uid`; with `fd` unless it is -1. Blocks while nobody reads. */
static void say_bytes(const struct jail *jail, uid_t uid, const char *text, size_t size, int fd)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (void *)text, size };
	struct msghdr msg = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int s = socket(AF_UNIX, SOCK_DGRAM, 0);

		snprintf(to.sun_path, sizeof(to.sun_path), "%s/notify", jail->dir);
		if (fd >= 0) {
			struct cmsghdr *c;

			msg.msg_control = control;
			msg.msg_controllen = sizeof(control);
			c = CMSG_FIRSTHDR(&msg);
			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(sizeof(int));
			memcpy(CMSG_DATA(c), &fd, sizeof(int));
		}
		_exit(setresuid(uid, uid, uid) < 0 || sendmsg(s, &msg, 0) != (ssize_t)size);
	}
	check(waitpid(pid, &status, 0) == pid && status == 0);
}

static void say(const struct jail *jail, const char *text)
{
	say_bytes(jail, ROOT, text, strlen(text), -1);
}

static void tells_what_the_jail_says(void)
{
	struct jail jail;

	running(&jail);
	say(&jail, "READY=1\nSTATUS=serving 5 of 7\nMAINPID=12\nFDSTORE=1\nGARBAGE\n\nERRNO=x");
	jail_expect(&jail, "notify", "notify READY=1 STATUS=serving 5 of 7 MAINPID=12");
	say(&jail, "STATUS=gr\xc3\xbc\xc3\x9f\x1b[31m \xff never");
	jail_expect(&jail, "notify", "notify STATUS=gr\xc3\xbc\xc3\x9f?[31m ");
	say(&jail, "RELOADING=1\nWATCHDOG=trigger\nEXTEND_TIMEOUT_USEC=5000000");
	jail_expect(&jail, "notify", "notify RELOADING=1 WATCHDOG=trigger EXTEND_TIMEOUT_USEC=5000000");
	jail_kill(&jail);
}

static void believes_its_own_only(void)
{
	static char endless[5000];
	struct jail jail;

	memset(endless, 'x', sizeof(endless));
	memcpy(endless, "READY=1\n", 8);
	running(&jail);
	say_bytes(&jail, 0, "READY=1", 7, -1);
	say_bytes(&jail, ROOT - 1, "READY=1", 7, -1);
	say_bytes(&jail, ROOT, endless, sizeof(endless), -1);
	say_bytes(&jail, ROOT, "READY=1\0", 8, -1);
	say_bytes(&jail, ROOT, "", 0, -1);
	say_bytes(&jail, ROOT + 65535, "STATUS=mine", 11, -1);
	jail_expect(&jail, "notify", "notify STATUS=mine");
	jail_kill(&jail);
}

static void can_be_reached_inside(void)
{
	struct jail jail;
	struct event e;

	running(&jail);
	jail_say(jail.monitor, "check", "a", "5", "command", "7:7", "/", "no", "no", "3", "sh", "-c",
		 "stat -c '%F %a' /dev/notify; touch /dev/notify", "0", NULL);
	check(jail_await(&jail, "check.exit", &e));
	check_text(e.fields[4], "socket 666\ntouch: /dev/notify: Read-only file system\n");
	jail_kill(&jail);
}

/* Returns when all that was said before has been heard. sd_notify_barrier(3) */
static void barrier(struct jail *jail)
{
	int ends[2];
	struct pollfd p;

	check(pipe2(ends, O_CLOEXEC) == 0);
	say_bytes(jail, ROOT, "BARRIER=1", 9, ends[1]);
	close(ends[1]);
	p = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	check(poll(&p, 1, 60000) == 1 && (p.revents & POLLHUP) != 0);
	close(ends[0]);
}

static void keeps_the_last_for_the_next_monitor(void)
{
	struct jail jail;
	struct event e;
	char text[4200];

	running(&jail);
	say(&jail, "READY=1\nWATCHDOG=1");
	jail_expect(&jail, "notify", "notify READY=1 WATCHDOG=1");
	close(jail.monitor);
	for (int i = 0; i < 20; i++)
		say(&jail, i < 19 ? "STATUS=busy\nWATCHDOG=1" : "STATUS=idle\nSTOPPING=1");
	barrier(&jail);
	jail.monitor = jail_client(&jail, NULL, "monitor", NULL);
	check(jail_event(jail.monitor, &e));
	check_text(e.fields[0], "hello");
	expect_event(jail.monitor, "notify READY=1 WATCHDOG=1 STATUS=idle STOPPING=1");
	close(jail.monitor);
	/* What is the jail's state is told again: who was told may have died of it. */
	jail.monitor = jail_client(&jail, NULL, "monitor", NULL);
	check(jail_event(jail.monitor, &e) && jail_event(jail.monitor, &e));
	check_text(event_text(&e, text, sizeof(text)), "notify READY=1 STATUS=idle STOPPING=1");
	jail_kill(&jail);
}

static void answers_barriers(void)
{
	struct jail jail;

	running(&jail);
	for (int i = 0; i < 3; i++)
		barrier(&jail);
	jail_kill(&jail);
}

/* A connection whose end takes a minute, because nobody reads what was sent. */
static int lingering_socket(void)
{
	static char block[1 << 16];
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct linger minute = { 1, 60 };
	socklen_t size = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	check(bind(listener, (struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 1) == 0);
	check(getsockname(listener, (struct sockaddr *)&a, &size) == 0);
	connect(fd, (struct sockaddr *)&a, sizeof(a));
	check(poll(&p, 1, 60000) == 1);
	while (write(fd, block, sizeof(block)) > 0)
		;
	check(setsockopt(fd, SOL_SOCKET, SO_LINGER, &minute, sizeof(minute)) == 0);
	return fd;
}

static void waits_for_no_socket_to_close(void)
{
	struct timespec before, after;
	struct jail jail;
	struct event e;

	running(&jail);
	clock_gettime(CLOCK_MONOTONIC, &before);
	/* Ours are closed before: the jailer's is the last. */
	kill(jail.jailer, SIGSTOP);
	for (int i = 0; i < 3; i++) {
		int fd = lingering_socket();

		say_bytes(&jail, ROOT, "STATUS=lingers", 14, fd);
		close(fd);
	}
	kill(jail.jailer, SIGCONT);
	say(&jail, "READY=1");
	do
		check(jail_await(&jail, "notify", &e));
	while (strcmp(e.fields[e.count - 1], "READY=1") != 0);
	clock_gettime(CLOCK_MONOTONIC, &after);
	check(after.tv_sec - before.tv_sec < 55);
	jail_kill(&jail);
}

/* Whoever talks without end is heard so often, and keeps nobody else from being heard. */
static void bears_a_flood(void)
{
	struct timespec before, after;
	struct jail jail;
	struct event e;
	int notices = 0;
	pid_t flood;

	running(&jail);
	flood = fork();
	if (flood == 0) {
		struct sockaddr_un to = { .sun_family = AF_UNIX };
		int s = socket(AF_UNIX, SOCK_DGRAM, 0);

		snprintf(to.sun_path, sizeof(to.sun_path), "%s/notify", jail.dir);
		check(setresuid(ROOT, ROOT, ROOT) == 0 && connect(s, (struct sockaddr *)&to, sizeof(to)) == 0);
		for (;;)
			send(s, "WATCHDOG=1\nSTATUS=talks", 23, 0);
	}
	clock_gettime(CLOCK_MONOTONIC, &before);
	jail_say(jail.monitor, "check", "a", "30", "command", "", "/", "no", "no", "2", "sleep", "1", "0", NULL);
	do {
		check(jail_event(jail.monitor, &e));
		notices += strcmp(e.fields[0], "notify") == 0;
	} while (strcmp(e.fields[0], "check.exit") != 0);
	check_text(e.fields[2], "exit");
	/* 20 in a second. */
	clock_gettime(CLOCK_MONOTONIC, &after);
	check(notices >= 3 && notices <= 40 * (after.tv_sec - before.tv_sec + 1));
	/* A monitor that does not read is not thrown out by it. */
	usleep(300000);
	kill(flood, SIGKILL);
	waitpid(flood, NULL, 0);
	say(&jail, "READY=1");
	do
		check(jail_await(&jail, "notify", &e));
	while (strcmp(e.fields[e.count - 1], "READY=1") != 0);
	jail_kill(&jail);
}

static void is_told_before_the_end(void)
{
	struct jail jail;

	running(&jail);
	kill(jail.jailer, SIGSTOP);
	say(&jail, "ERRNO=5\nSTATUS=disk is gone");
	jail_say(jail.monitor, "kill", NULL);
	kill(jail.jailer, SIGCONT);
	jail_expect(&jail, "notify", "notify ERRNO=5 STATUS=disk is gone");
	jail_expect(&jail, "exited", "exited signal 9");
	check(jail_end(&jail) == 0);
}

static void says_when_it_has_no_place(void)
{
	struct jail jail;
	struct event e;

	jail_prepare(&jail);
	plan_usual(&jail);
	plan_add(&jail, "notify", "/absent/notify", "run", "command", "0", "1", "true", NULL);
	jail_start(&jail, false);
	jail_expect(&jail, "error", "error notify /absent/notify 2");
	check(jail_await(&jail, "exited", &e));
	check(jail_end(&jail) == 0);
}

const struct test notify_tests[] = {
	{ "notices: what the jail says of itself is told, garbage is not", tells_what_the_jail_says },
	{ "notices: only those of the jail are believed, and only whole ones", believes_its_own_only },
	{ "notices: everybody in the jail reaches the socket, and nobody changes it", can_be_reached_inside },
	{ "notices: the last of each is kept for the next monitor", keeps_the_last_for_the_next_monitor },
	{ "notices: what came along is closed, which answers barriers", answers_barriers },
	{ "notices: no socket that came along holds up the jailer", waits_for_no_socket_to_close },
	{ "notices: a flood is thinned out, and holds up nobody", bears_a_flood },
	{ "notices: the last words come before the end", is_told_before_the_end },
	{ "notices: a socket that cannot be made is named", says_when_it_has_no_place },
	{ NULL, NULL },
};
