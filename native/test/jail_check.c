#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* A jail whose `command` is this script. */
static void running(struct jail *jail, const char *script)
{
	jail_prepare(jail);
	plan_usual(jail);
	jail_run(jail, script);
}

static void check_script(struct jail *jail, const char *timeout, const char *script)
{
	jail_say(jail->monitor, "check", "a", timeout, "command", "", "/", "no", "yes", "3", "sh", "-c", script, "1",
		 "A=b", NULL);
}

/* Processes of the jail, as it sees them. */
static int count_processes(struct jail *jail)
{
	int fds[3], ends[2], client;
	char digits[16] = "";
	struct event e;

	check(pipe2(ends, O_CLOEXEC) == 0);
	fds[0] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[1] = ends[1];
	fds[2] = fds[0];
	client = jail_client(jail, fds, "exec", "", "", "no", "no", "3", "sh", "-c",
			     "set -- /proc/[0-9]*; echo $#", "0", NULL);
	check(jail_event(client, &e));
	check(read(ends[0], digits, sizeof(digits) - 1) > 0);
	close(ends[0]);
	close(ends[1]);
	close(fds[0]);
	close(client);
	return atoi(digits);
}

static void tells_what_a_command_prints(void)
{
	struct jail jail;

	running(&jail, "sleep 1000");
	check_script(&jail, "5", "echo $A; pwd; cat; id -u >&2; exit 3");
	jail_expect(&jail, "check.exit", "check.exit a exit 3 b\n/\n0\n");
	check_script(&jail, "5", "printf 'a\\0b'; kill -9 $$");
	jail_expect(&jail, "check.exit", "check.exit a signal 9 a?b");
	check_script(&jail, "5", "echo over > /proc/self/fd/1; exec >&- 2>&-; sleep 0.2");
	jail_expect(&jail, "check.exit", "check.exit a exit 0 over\n");
	check_text(file_text(jail.dir, "log"), "");
	jail_kill(&jail);
}

static void cuts_what_is_too_much(void)
{
	struct jail jail;
	struct event e;

	running(&jail, "sleep 1000");
	check_script(&jail, "10", "seq 1 30000");
	check(jail_await(&jail, "check.exit", &e));
	check_text(e.fields[2], "exit");
	check(strlen(e.fields[4]) == 4096 && strncmp(e.fields[4], "1\n2\n3\n", 6) == 0);
	jail_kill(&jail);
}

static void names_what_cannot_be_tried(void)
{
	struct jail jail;

	running(&jail, "sleep 1000");
	jail_say(jail.monitor, "check", "a", "5", "command", "", "/", "no", "yes", "1", "absent", "0", NULL);
	jail_expect(&jail, "check.exit", "check.exit a error 2 exec absent: No such file or directory");
	jail_say(jail.monitor, "check", "b", "5", "command", "who", "/", "no", "yes", "1", "true", "0", NULL);
	jail_expect(&jail, "check.exit", "check.exit b error 2 user who: No such file or directory");
	jail_say(jail.monitor, "check", "c", "5", "tcp", "127.0.0.1", "0", NULL);
	jail_expect(&jail, "check.exit", "check.exit c error 22 exec web: Invalid argument");
	jail_say(jail.monitor, "check", "d", "5", "http", "127.0.0.1", "80", "/a b", NULL);
	jail_expect(&jail, "check.exit", "check.exit d error 22 exec web: Invalid argument");
	jail_say(jail.monitor, "check", "e", "5", "smoke", "127.0.0.1", "80", NULL);
	jail_expect(&jail, "check.exit", "check.exit e error 22 exec web: Invalid argument");
	jail_kill(&jail);
}

/* H2 */
static void kills_all_of_one_that_hangs(void)
{
	struct jail jail;
	int before;

	running(&jail, "sleep 1000");
	before = count_processes(&jail);
	check_script(&jail, "2", "sleep 1000 & (busybox setsid sleep 1000 &) ; (busybox setsid sh -c "
		     "'sleep 1000 & sleep 1000' &); trap '' TERM HUP INT; echo hangs; sleep 1000");
	jail_expect(&jail, "check.exit", "check.exit a timeout 2 hangs\n");
	check(count_processes(&jail) == before);
	/* What is left behind by one that ends by itself goes as well. */
	check_script(&jail, "9", "(busybox setsid sleep 1000 &); echo ends");
	jail_expect(&jail, "check.exit", "check.exit a exit 0 ends\n");
	check(count_processes(&jail) == before);
	jail_kill(&jail);
}

static void keeps_no_jail(void)
{
	struct jail jail;
	struct event e;

	running(&jail, "sleep 2");
	check_script(&jail, "0", "sleep 1000");
	check(jail_await(&jail, "main", &e));
	jail_expect(&jail, "check.exit", "check.exit a signal 9 ");
	jail_expect(&jail, "exited", "exited exit 0");
	check(jail_end(&jail) == 0);
}

static void forgets_those_of_an_earlier_monitor(void)
{
	struct jail jail;
	struct event e;
	int before;

	running(&jail, "sleep 1000");
	before = count_processes(&jail);
	check_script(&jail, "0", "sleep 1000");
	for (int i = 0; i < 6000 && count_processes(&jail) != before + 3; i++)
		usleep(10000);
	close(jail.monitor);
	jail.monitor = jail_client(&jail, NULL, "monitor", NULL);
	check(jail_await(&jail, "hello", &e));
	check_script(&jail, "5", "echo mine");
	jail_expect(&jail, "check.exit", "check.exit a exit 0 mine\n");
	for (int i = 0; i < 6000 && count_processes(&jail) != before; i++)
		usleep(10000);
	check(count_processes(&jail) == before);
	jail_kill(&jail);
}

#define SERVE(port, what) "busybox nc -ll -p " #port " -e sh -c '" what "' & "

/* Listeners below, which write as soon as somebody connects. */
static void serving(struct jail *jail)
{
	struct event e;

	jail_prepare(jail);
	plan_usual(jail);
	plan_add(jail, "file", "etc/hosts", "444", "create", "3a3a31206f6e650a3132372e302e302e31206f6e65206c6f63616c0a"
		 "1b5b33316d78206576696c0a", NULL);
	plan_add(jail, "run", "command", "0", "3", "sh", "-c",
		 SERVE(80, "read a; read b; echo \"$a $b\" > /tmp/asked; printf \"HTTP/1.1 200 OK\\r\\n\\r\\n\"")
		 SERVE(81, "printf \"HTTP/1.0 503 Service\\033[31m Unavailable\\r\\n\"; cat")
		 SERVE(82, "sleep 1000")
		 SERVE(83, "cat /dev/zero")
		 SERVE(84, "printf \"HTTP/1.1 103 Early Hints\\r\\nLink: a\\r\\n\\r\\nHTTP/1.1 302 Found\\r\\nLocation: /\\r\\n\"; cat /dev/zero")
		 SERVE(85, "busybox head -n 6 > /dev/null")
		 SERVE(86, "printf \"SSH-2.0 hello\\r\\n\"")
		 "sleep 1000", NULL);
	jail_start(jail, true);
	check(jail_await(jail, "running", &e));
	jail_loopback(jail);
	/* Until the last of them listens. */
	for (int i = 0; i < 6000; i++) {
		jail_say(jail->monitor, "check", "a", "5", "tcp", "127.0.0.1", "86", NULL);
		check(jail_await(jail, "check.exit", &e));
		if (strcmp(e.fields[3], "0") == 0)
			break;
		usleep(10000);
	}
	usleep(100000);
}

static void expect_http(struct jail *jail, const char *host, const char *port, const char *timeout, const char *expected)
{
	struct event e;
	char text[300];
	int tries = 0;

	/* Listeners start in any order. */
	do {
		jail_say(jail->monitor, "check", "h", timeout, "http", host, port, "/well?a=b", NULL);
		check(jail_await(jail, "check.exit", &e));
		event_text(&e, text, sizeof(text));
	} while (strstr(text, "refused") != NULL && tries++ < 6000 && usleep(10000) == 0);
	check_text(text, expected);
}

static void asks_over_http(void)
{
	struct jail jail;

	serving(&jail);
	expect_http(&jail, "127.0.0.1", "80", "5", "check.exit h exit 0 HTTP 200 OK");
	expect_http(&jail, "local", "80", "5", "check.exit h exit 0 HTTP 200 OK");
	expect_http(&jail, "one", "80", "5", "check.exit h exit 0 HTTP 200 OK");
	expect_http(&jail, "localhost", "80", "5", "check.exit h exit 0 HTTP 200 OK");
	expect_http(&jail, "elsewhere", "80", "5",
		    "check.exit h exit 1 elsewhere: neither an address nor in /etc/hosts");
	expect_http(&jail, "evil", "80", "5", "check.exit h exit 1 evil: neither an address nor in /etc/hosts");
	check_text(file_text(jail.root, "tmp/asked"), "GET /well?a=b HTTP/1.1\r Host: localhost\r\n");
	expect_http(&jail, "127.0.0.1", "81", "5", "check.exit h exit 1 HTTP 503 Service?[31m Unavailable");
	expect_http(&jail, "127.0.0.1", "84", "5", "check.exit h exit 0 HTTP 302 Found");
	expect_http(&jail, "127.0.0.1", "85", "5", "check.exit h exit 1 no answer of HTTP from 127.0.0.1:85: closed at once");
	expect_http(&jail, "127.0.0.1", "86", "5", "check.exit h exit 1 no answer of HTTP: \"SSH-2.0 hello\"");
	jail_kill(&jail);
}

/* On ::1 alone, in the jail's network, until it is killed. */
static pid_t serve_six(const struct jail *jail)
{
	const struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(87), .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	char path[64], request[1024];
	int listener, fd;
	pid_t pid = fork();

	check(pid >= 0);
	if (pid > 0)
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", jail->init);
	check(setns(open(path, O_RDONLY), CLONE_NEWNET) == 0);
	listener = socket(AF_INET6, SOCK_STREAM, 0);
	check(bind(listener, (const struct sockaddr *)&a, sizeof(a)) == 0 && listen(listener, 8) == 0);
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		check(read(fd, request, sizeof(request)) > 0 && write(fd, "HTTP/1.1 204 \r\n", 15) == 15);
		close(fd);
	}
	_exit(1);
}

/* H5 */
static void is_done_with_hostile_answers(void)
{
	struct jail jail;
	pid_t six;

	serving(&jail);
	six = serve_six(&jail);
	expect_http(&jail, "::1", "82", "1", "check.exit h timeout 1 no answer from [::1]:82: timed out");
	/* Who listens on IPv6 only is found by a name that has both. */
	expect_http(&jail, "localhost", "87", "5", "check.exit h exit 0 HTTP 204");
	kill(six, SIGKILL);
	waitpid(six, NULL, 0);
	expect_http(&jail, "127.0.0.1", "83", "9", "check.exit h exit 1 no answer of HTTP from 127.0.0.1:83");
	jail_kill(&jail);
}

static void says_why_there_is_no_connection(void)
{
	struct jail jail;

	running(&jail, "sleep 1000");
	jail_loopback(&jail);
	jail_say(jail.monitor, "check", "t", "5", "tcp", "::1", "80", NULL);
	jail_expect(&jail, "check.exit", "check.exit t exit 1 connect [::1]:80: Connection refused");
	jail_say(jail.monitor, "check", "t", "5", "tcp", "127.0.0.1", "80", NULL);
	jail_expect(&jail, "check.exit", "check.exit t exit 1 connect 127.0.0.1:80: Connection refused");
	jail_kill(&jail);
}

static void is_under_the_policy(void)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct jail jail;
	struct event e;
	char path[96];
	FILE *f;

	jail_prepare(&jail);
	plan_usual(&jail);
	snprintf(path, sizeof(path), "%s/policy", jail.dir);
	check((f = fopen(path, "w")) != NULL && fwrite(code, sizeof(code), 1, f) == 1 && fclose(f) == 0);
	plan_add(&jail, "seccomp", path, "user", "7:8", "run", "command", "0", "2", "sleep", "1000", NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "running", &e));
	jail_say(jail.monitor, "check", "t", "5", "tcp", "127.0.0.1", "80", NULL);
	jail_expect(&jail, "check.exit", "check.exit t exit 1 connect 127.0.0.1:80: Operation not permitted");
	check_script(&jail, "5", "id");
	jail_expect(&jail, "check.exit", "check.exit a exit 0 uid=7 gid=8 groups=8\n");
	jail_kill(&jail);
}

static void leaves_with_its_client(void)
{
	struct jail jail;
	int fds[3], ends[2], client, before;
	char up[3];

	running(&jail, "sleep 1000");
	before = count_processes(&jail);
	check(pipe2(ends, O_CLOEXEC) == 0);
	fds[0] = fds[2] = open("/dev/null", O_RDWR | O_CLOEXEC);
	fds[1] = ends[1];
	client = jail_client(&jail, fds, "exec", "", "", "no", "no", "3", "sh", "-c",
			     "echo up; sleep 1000; true", "0", NULL);
	check(read(ends[0], up, 3) == 3);
	close(client);
	for (int i = 0; i < 6000 && count_processes(&jail) != before; i++)
		usleep(10000);
	check(count_processes(&jail) == before);
	close(ends[0]);
	close(ends[1]);
	close(fds[0]);
	jail_kill(&jail);
}

const struct test check_tests[] = {
	{ "a check's output is its answer, and not in the log", tells_what_a_command_prints },
	{ "a check's output is cut", cuts_what_is_too_much },
	{ "a check that cannot be tried is an error, in words", names_what_cannot_be_tried },
	{ "a check that hangs is killed with all that it began", kills_all_of_one_that_hangs },
	{ "a check keeps no jail", keeps_no_jail },
	{ "checks of an earlier monitor end, and are not told to the next", forgets_those_of_an_earlier_monitor },
	{ "a check asks over HTTP", asks_over_http },
	{ "hostile answers take neither time nor memory", is_done_with_hostile_answers },
	{ "a check says why there is no connection", says_why_there_is_no_connection },
	{ "a check is the jail's user, under its system call policy", is_under_the_policy },
	{ "a command without a terminal is hung up when its client goes", leaves_with_its_client },
	{ NULL, NULL },
};
