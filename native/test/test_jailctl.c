/* link: test/test_jailctl.c  (run with JAILCTL=path of the built client; node in PATH) */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define OUTPUT (8 << 20)
#define ENOUGH 200	/* seconds after which a test has hung */

struct result {
	int code;
	char *out, *err;
	size_t out_n, err_n;
};

typedef void (*serve_fn)(int fd);

static char dir[128] = "/tmp/test_jailctl.XXXXXX";
static char jailctl[160], jls[160], prefix[300], jailer_path[400];
static int count, failed, pty_fd = -1;

static void check(bool holds, const char *statement)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++count, statement);
	fflush(stdout);
	failed |= !holds;
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	perror(what);
	exit(1);
}

/* --- the other side of a socket --- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int cwd = open(".", O_DIRECTORY | O_CLOEXEC);
	char copy[4096], *slash;

	unlink(path);
	strcpy(copy, path);
	slash = strrchr(copy, '/');
	*slash = '\0';
	strcpy(address.sun_path, slash + 1);
	must(chdir(copy) == 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	     listen(fd, 5) == 0 && fchdir(cwd) == 0, path);
	close(cwd);
	return fd;
}

static bool get(int fd, void *to, size_t n)
{
	for (size_t have = 0; have < n;) {
		ssize_t now = read(fd, (char *)to + have, n - have);

		if (now <= 0)
			return false;
		have += (size_t)now;
	}
	return true;
}

static void put(int fd, const void *bytes, size_t n)
{
	for (size_t done = 0; done < n;) {
		ssize_t now = send(fd, (const char *)bytes + done, n - done, MSG_NOSIGNAL);

		if (now <= 0)
			_exit(0);
		done += (size_t)now;
	}
}

static void frame(int fd, char type, const void *bytes, uint32_t n)
{
	char header[5] = { type, (char)n, (char)(n >> 8), (char)(n >> 16), (char)(n >> 24) };

	put(fd, header, sizeof(header));
	put(fd, bytes, n);
}

static pid_t serve(const char *path, serve_fn serve_one)
{
	int fd = listen_at(path);
	pid_t pid = fork();

	if (pid == 0) {
		alarm(ENOUGH);
		serve_one(accept4(fd, NULL, NULL, SOCK_CLOEXEC));
		_exit(0);
	}
	close(fd);
	return pid;
}

/* The request as text: fields end in `|`. */
static size_t request(int fd, char *text, size_t size)
{
	unsigned char header[5];
	size_t n;

	must(get(fd, header, 5) && header[0] == 'A', "request");
	n = header[1] | (size_t)header[2] << 8 | (size_t)header[3] << 16;
	must(n < size && get(fd, text, n), "request");
	for (size_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '|';
	text[n] = '\0';
	return n;
}

static char asked[1 << 18];

static void ask(int fd)
{
	request(fd, asked, sizeof(asked));
}

/* --- the client --- */

struct how {
	const char *argv[10];
	const char *env[8];
	bool closed;		/* 0, 1 and 2 are closed at start */
	bool read_little;	/* the reader of stdout goes away after a few bytes */
	int signal;		/* sent after the first output */
	const char *input;
};

static void start_client(const struct how *how, const int in[2], const int out[2], const int err[2])
{
	const char *path = how->argv[0][0] == '/' ? how->argv[0] : jailctl;

	clearenv();
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin", 1);
	setenv("JAILD_PREFIX", prefix, 1);
	for (int i = 0; how->env[i]; i++)
		putenv((char *)how->env[i]);
	dup2(in[0], 0);
	dup2(out[1], 1);
	dup2(err[1], 2);
	for (int fd = how->closed ? 0 : 3; fd < 200; fd++)
		close(fd);
	signal(SIGPIPE, SIG_DFL);
	execv(path, (char *const *)how->argv);
	_exit(99);
}

static void collect(struct result *r, const int out, const int err, const struct how *how, pid_t pid)
{
	struct pollfd fds[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		must(poll(fds, 2, ENOUGH * 1000) > 0, "the client hangs");
		for (int i = 0; i < 2; i++) {
			char *to = i ? r->err + r->err_n : r->out + r->out_n;
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = read(fds[i].fd, to, how->read_little ? 5 : 65536);
			if (n > 0 && how->signal)
				kill(pid, how->signal);
			if (n > 0)
				*(i ? &r->err_n : &r->out_n) += (size_t)n;
			if (n <= 0 || (how->read_little && i == 0)) {
				close(fds[i].fd);
				fds[i].fd = -1;
			}
		}
	}
}

static void forget(struct result *r)
{
	free(r->out);
	free(r->err);
}

static struct result run(const struct how *how, serve_fn daemon, serve_fn jailer)
{
	struct result r = { .out = calloc(1, OUTPUT), .err = calloc(1, OUTPUT) };
	char path[4096];
	int in[2], out[2], err[2], status = 0;
	pid_t server = -1, jailer_pid = -1, pid;

	snprintf(path, sizeof(path), "%s/run/jaild/jaild.sock", prefix);
	unlink(path);
	if (daemon)
		server = serve(path, daemon);
	if (jailer)
		jailer_pid = serve(jailer_path, jailer);
	must(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0 && pipe2(err, O_CLOEXEC) == 0,
	     "pipe");
	pid = fork();
	if (pid == 0)
		start_client(how, in, out, err);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	if (how->input)
		must(write(in[1], how->input, strlen(how->input)) > 0, "input");
	close(in[1]);
	collect(&r, out[0], err[0], how, pid);
	waitpid(pid, &status, 0);
	r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
	if (server > 0)
		waitpid(server, NULL, 0);
	if (jailer_pid > 0)
		waitpid(jailer_pid, NULL, 0);
	return r;
}

/* Runs, compares code, stdout and stderr (NULL: anything), and says what differs. */
static void expect(const char *statement, const struct how *how, serve_fn daemon, serve_fn jailer,
		   int code, const char *out, const char *err)
{
	struct result r = run(how, daemon, jailer);
	bool same = r.code == code && (!out || strcmp(r.out, out) == 0) &&
		    (!err || strcmp(r.err, err) == 0);

	if (!same)
		printf("# code %d\n# out %.600s\n# err %.600s\n", r.code, r.out, r.err);
	check(same, statement);
	forget(&r);
}

#define WORDS(...) (&(struct how){ .argv = { __VA_ARGS__ } })

/* --- requests and answers --- */

static void echo_request(int fd)
{
	ask(fd);
	frame(fd, 'O', asked, (uint32_t)strlen(asked));
	frame(fd, 'X', "\0", 1);
}

static void test_request(void)
{
	char text[512], cwd[128], option[400];

	must(chdir(dir) == 0 && getcwd(cwd, sizeof(cwd)) != NULL, dir);
	snprintf(text, sizeof(text), "1|jailctl|%s|0||1|vt100|status||-a|", cwd);
	expect("the request holds name, place, terminal and words",
	       &(struct how){ .argv = { "jailctl", "status", "", "-a" },
			      .env = { "NO_COLOR=yes", "TERM=vt100" } },
	       echo_request, NULL, 0, text, "");
	snprintf(text, sizeof(text), "1|jailctl|%s|0||||--json|status|--prefix|x|", cwd);
	snprintf(option, sizeof(option), "--prefix=%s", prefix);
	expect("--prefix is taken out before the command word only",
	       &(struct how){ .argv = { "jailctl", "--json", option, "status", "--prefix", "x" },
			      .env = { "JAILD_PREFIX=/nowhere" } },
	       echo_request, NULL, 0, text, "");
	snprintf(text, sizeof(text), "1|jls|%s|0||||-v|--prefix|x|", cwd);
	expect("jls keeps all but a leading --prefix",
	       &(struct how){ .argv = { jls, "--prefix", prefix, "-v", "--prefix", "x" },
			      .env = { "JAILD_PREFIX=/nowhere" } },
	       echo_request, NULL, 0, text, "");
	expect("a --prefix without a directory is wrong use", WORDS("jailctl", "--prefix"), NULL,
	       NULL, 2, "", "error: --prefix wants a directory\n");
}

static void answer_much(int fd)
{
	char *much = malloc(5000000);

	for (int i = 0; i < 5000000; i++)
		much[i] = (char)(i * 7 % 251);
	ask(fd);
	frame(fd, 'O', much, 5000000);
	frame(fd, 'E', "oh\n", 3);
	frame(fd, 'O', "", 0);
	frame(fd, 'O', "end", 3);
	frame(fd, 'X', "\7", 1);
	free(much);
}

static void test_frames(void)
{
	struct result r = run(WORDS("jailctl", "logs"), answer_much, NULL);
	bool same = r.out_n == 5000003 && memcmp(r.out + 5000000, "end", 3) == 0;

	for (int i = 0; same && i < 5000000; i++)
		same = r.out[i] == (char)(i * 7 % 251);
	check(same && strcmp(r.err, "oh\n") == 0, "frames of any size reach stdout and stderr whole");
	check(r.code == 7, "the exit code is the one that is told");
	forget(&r);
	expect("when the reader goes away the client ends quietly with 141",
	       &(struct how){ .argv = { "jailctl", "logs" }, .read_little = true }, answer_much, NULL,
	       141, NULL, "");
}

static void answer_and_wait(int fd)
{
	char byte;

	ask(fd);
	frame(fd, 'O', "ready\n", 6);
	if (read(fd, &byte, 1) != 0)
		_exit(1);
}

static void say_nothing(int fd)
{
	ask(fd);
}

static void break_off(int fd)
{
	ask(fd);
	frame(fd, 'O', "half", 4);
}

static void unknown_frame(int fd)
{
	ask(fd);
	frame(fd, 'Z', "", 0);
}

static void huge_frame(int fd)
{
	ask(fd);
	put(fd, "O\1\0\0\1", 5);
}

static void answer_shortly(int fd)
{
	ask(fd);
	frame(fd, 'O', "x", 1);
	frame(fd, 'E', "y", 1);
	frame(fd, 'X', "\0", 1);
}

static void test_ends(void)
{
	expect("a follower ends when its reader is gone, though nothing more is printed",
	       &(struct how){ .argv = { "jailctl", "logs", "-f" }, .read_little = true },
	       answer_and_wait, NULL, 141, NULL, "");
	expect("Ctrl-C ends a client that waits",
	       &(struct how){ .argv = { "jailctl", "logs", "-f" }, .signal = SIGINT },
	       answer_and_wait, NULL, -SIGINT, NULL, "");
	expect("a connection closed before any frame is 3", WORDS("jailctl", "list"), say_nothing,
	       NULL, 3, "", "error: jaild closed the connection\n");
	expect("a connection closed later is 1", WORDS("jailctl", "list"), break_off, NULL, 1, "half",
	       "error: jaild closed the connection\n");
	expect("an unknown frame is an error", WORDS("jailctl", "list"), unknown_frame, NULL, 1, "",
	       NULL);
	expect("a frame over 16 MiB is an error", WORDS("jailctl", "list"), huge_frame, NULL, 3, "",
	       "error: jaild sent a frame that is too large\n");
	expect("closed descriptors 0, 1 and 2 do no harm",
	       &(struct how){ .argv = { "jailctl", "list" }, .closed = true }, answer_shortly, NULL, 0,
	       "", "");
}

/* --- without jaild --- */

static void send_away(int fd)
{
	ask(fd);
	frame(fd, 'L', "", 0);
}

static void test_locally(void)
{
	char text[512], file[200], option[400];
	FILE *script;

	snprintf(file, sizeof(file), "%s/dist/src/jailctl.js", dir);
	script = fopen(file, "w");
	must(script != NULL, file);
	fputs("const e = process.env;\n"
	      "console.log([e.JAILD_CALLED_AS, e.JAILD_PREFIX, e.JAILD_UNREACHABLE ?? '-',"
	      " ...process.argv.slice(2)].join('|'));\nprocess.exitCode = 9;\n", script);
	fclose(script);
	snprintf(text, sizeof(text), "jailctl|%s|-|check|a b|\n", prefix);
	expect("a command that needs no daemon runs in a process of its own",
	       &(struct how){ .argv = { "jailctl", "check", "a b", "" },
			      .env = { "JAILD_UNREACHABLE=stale" } },
	       send_away, NULL, 9, text, "");
	snprintf(text, sizeof(text), "jls|%s|No such file or directory|-v\n", prefix);
	snprintf(option, sizeof(option), "--prefix=%s", prefix);
	expect("without jaild the same process is told why, through a link too",
	       &(struct how){ .argv = { jls, option, "-v" }, .env = { "JAILD_PREFIX=/nowhere" } },
	       NULL, NULL, 9, text, "");
	expect("without node too the code is 3",
	       &(struct how){ .argv = { "jailctl", "check" }, .env = { "PATH=/nowhere" } }, NULL, NULL,
	       3, "", "error: jaild is not reachable: No such file or directory\n"
	       "error: node: No such file or directory\n");
}

/* --- hand-over --- */

static void give(int fd, const char *fields, size_t n)
{
	char *bytes = malloc(strlen(jailer_path) + 1 + n);
	size_t path = strlen(jailer_path) + 1;

	ask(fd);
	memcpy(bytes, jailer_path, path);
	memcpy(bytes + path, fields, n);
	frame(fd, 'H', bytes, (uint32_t)(path + n));
	free(bytes);
}

static void give_exec(int fd)
{
	static const char fields[] = "exec\0\0\0no\0no\0001\0true\0000";

	give(fd, fields, sizeof(fields));
}

static void give_terminal(int fd)
{
	static const char fields[] = "exec\0\0\0yes\0no\0001\0sh\0000";

	give(fd, fields, sizeof(fields));
}

static void give_attach(int fd)
{
	give(fd, "attach", sizeof("attach"));
}

static void tell(int fd, const char *fields, size_t n, int descriptor)
{
	char count[4] = { (char)n, (char)(n >> 8), 0, 0 };
	struct iovec pieces[] = { { count, 4 }, { (char *)fields, n } };
	char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = { 0 };
	struct msghdr message = { .msg_iov = pieces, .msg_iovlen = 2 };

	if (descriptor >= 0) {
		struct cmsghdr *header = (struct cmsghdr *)control;

		*header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
					    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
	}
	sendmsg(fd, &message, MSG_NOSIGNAL);
}

#define TELL(fd, text) tell(fd, text, sizeof(text), -1)

/* The first message; its descriptors become this process' own 0, 1, 2. */
static bool told(int fd, char *text, size_t size)
{
	unsigned char length[4];
	char control[CMSG_SPACE(3 * sizeof(int))] __attribute__((aligned(8)));
	struct iovec piece = { length, 4 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fds[3];

	if (recvmsg(fd, &message, 0) != 4 || message.msg_controllen < CMSG_LEN(sizeof(fds)))
		return false;
	memcpy(fds, CMSG_DATA((struct cmsghdr *)control), sizeof(fds));
	for (int i = 0; i < 3; i++)
		dup2(fds[i], i);
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	memset(text, 0, size);
	return length[0] < size && get(fd, text, length[0]);
}

static void jail_says(int fd)
{
	char text[128], input[16] = "";
	size_t n = 0;

	if (!told(fd, text, sizeof(text)) || strcmp(text, "exec") != 0 || strcmp(text + 7, "no") != 0)
		_exit(1);
	while (n < 5 && read(0, input + n, 1) == 1)
		n++;
	dprintf(1, "out of the jail: %s", input);
	dprintf(2, "err");
	tell(fd, "status\0exit\0005", 14, -1);
}

static void ignore_request(int fd)
{
	char text[128];

	told(fd, text, sizeof(text));
}

static void jail_is_killed(int fd)
{
	ignore_request(fd);
	TELL(fd, "status\0signal\0009");
}

static void jail_has_no_file(int fd)
{
	ignore_request(fd);
	TELL(fd, "error\0exec\0/bin/nosuch\0002");
}

static void jail_has_no_user(int fd)
{
	ignore_request(fd);
	TELL(fd, "error\0user\0nobody\0002");
}

static void jail_refuses(int fd)
{
	ignore_request(fd);
	TELL(fd, "error\0exec\0/etc\00013");
}

static void jail_closes(int fd)
{
	ignore_request(fd);
}

static void jail_waits_for_signal(int fd)
{
	char text[128], signal[16] = "";

	told(fd, text, sizeof(text));
	dprintf(1, "go\n");
	if (get(fd, signal, 4 + 10) && memcmp(signal, "\12\0\0\0signal\00015", 14) == 0)
		TELL(fd, "status\0signal\00015");
}

static void test_hand_over(void)
{
	const struct how *exec = WORDS("jailctl", "exec", "web", "true");

	expect("the command's input and output are the client's, and its code comes back",
	       &(struct how){ .argv = { "jailctl", "exec", "web" }, .input = "hello" }, give_exec,
	       jail_says, 5, "out of the jail: hello", "err");
	expect("a signal is 128 and its number", exec, give_exec, jail_is_killed, 137, "", "");
	expect("a command that is missing is 127", exec, give_exec, jail_has_no_file, 127, "",
	       "error: web: not run: exec /bin/nosuch: No such file or directory\n");
	expect("a command that cannot be run is 126", exec, give_exec, jail_refuses, 126, "",
	       "error: web: not run: exec /etc: Permission denied\n");
	expect("jexec says so in FreeBSD's words, with 1", WORDS("jexec", "web", "true"), give_exec,
	       jail_has_no_file, 1, "", "jexec: execvp: /bin/nosuch: No such file or directory\n");
	expect("jexec knows a user that is missing", WORDS("jexec", "web", "true"), give_exec,
	       jail_has_no_user, 1, "", "jexec: nobody: no such user\n");
	expect("a jail that could not be built says so", exec, give_attach, jail_refuses, 126, "",
	       "error: web: not started: exec /etc: Permission denied\n");
	expect("a jailer that goes away is an error", exec, give_exec, jail_closes, 1, "",
	       "error: web: not run: jailer: closed the connection\n");
	expect("signals go to the command",
	       &(struct how){ .argv = { "jailctl", "exec", "web" }, .signal = SIGTERM }, give_exec,
	       jail_waits_for_signal, 143, "go\n", "");
}

/* --- terminals --- */

/* A jail's terminal; the slave is this process' to play the command with. */
static int open_terminal(int fd)
{
	int master, slave;
	char text[128];

	told(fd, text, sizeof(text));
	if (openpty(&master, &slave, NULL, NULL, NULL) < 0)
		_exit(1);
	tell(fd, "pty", 4, master);
	close(master);
	return slave;
}

static void jail_reads_to_the_end(int fd)
{
	int slave = open_terminal(fd);
	char bytes[32];
	ssize_t n;
	size_t all = 0;

	while ((n = read(slave, bytes, sizeof(bytes))) > 0)
		all += (size_t)n;
	dprintf(slave, "read %zu", all);
	close(slave);
	TELL(fd, "status\0exit\0003");
}

static void jail_plays_shell(int fd)
{
	int slave = open_terminal(fd);
	struct winsize window = { 0 };
	struct termios raw;
	char bytes[2] = "";

	tcgetattr(slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(slave, TCSANOW, &raw);
	/* The size is copied when the master arrives, which may be after this line. */
	for (int i = 0; i < 60000 && window.ws_row != 40; i++, usleep(1000))
		ioctl(slave, TIOCGWINSZ, &window);
	dprintf(slave, "rows %d\n", window.ws_row);
	if (read(slave, bytes, 1) == 1)
		dprintf(slave, "typed %d\n", bytes[0]);
	for (int i = 0; i < 60000 && window.ws_row != 50; i++, usleep(1000))
		ioctl(slave, TIOCGWINSZ, &window);
	dprintf(slave, "rows %d\nlast words", window.ws_row);
	close(slave);
	TELL(fd, "status\0exit\0004");
}

static void jail_sleeps(int fd)
{
	int slave = open_terminal(fd);
	char byte;

	dprintf(slave, "rows 40\n");
	while (read(fd, &byte, 1) > 0)
		;
}

static bool read_until(int fd, char *text, const char *wanted)
{
	size_t n = strlen(text);

	while (!strstr(text, wanted)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t now = poll(&p, 1, ENOUGH * 1000) > 0 ? read(fd, text + n, 500 - n) : -1;

		if (now <= 0)
			return false;
		n += (size_t)now;
		text[n] = '\0';
	}
	return true;
}

static bool is_raw(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 && !(modes.c_lflag & (ICANON | ECHO | ISIG));
}

static bool becomes_raw(int fd)
{
	for (int i = 0; i < 60000 && !is_raw(fd); i++)
		usleep(1000);
	return is_raw(fd);
}

static pid_t client_on_terminal(serve_fn jailer, pid_t servers[2], int *slave)
{
	struct winsize window = { .ws_row = 40, .ws_col = 100 };
	char path[4096], name[64];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/run/jaild/jaild.sock", prefix);
	servers[0] = serve(path, give_terminal);
	servers[1] = serve(jailer_path, jailer);
	pid = forkpty(&pty_fd, name, NULL, &window);
	if (pid == 0) {
		setenv("JAILD_PREFIX", prefix, 1);
		execl(jailctl, "jailctl", "exec", "-t", "web", (char *)NULL);
		_exit(99);
	}
	/* Held open, to see the terminal's modes after the client has gone. */
	*slave = open(name, O_RDWR | O_NOCTTY);
	return pid;
}

static void test_terminal(void)
{
	struct winsize window = { .ws_row = 50, .ws_col = 100 };
	char text[512] = "";
	pid_t servers[2], pid;
	int slave, status;

	pid = client_on_terminal(jail_plays_shell, servers, &slave);
	check(read_until(pty_fd, text, "rows 40\n") && becomes_raw(slave),
	      "the jail's terminal has the caller's size, and the caller's is raw");
	must(write(pty_fd, "\3", 1) == 1, "write");
	check(read_until(pty_fd, text, "typed 3\n"), "Ctrl-C is typed inside");
	ioctl(pty_fd, TIOCSWINSZ, &window);
	check(read_until(pty_fd, text, "rows 50\n"), "a new size reaches the jail's terminal");
	check(read_until(pty_fd, text, "last words"), "nothing printed at the end is lost");
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 4 && !is_raw(slave),
	      "the code comes back and the terminal is as before");
	waitpid(servers[0], NULL, 0);
	waitpid(servers[1], NULL, 0);
	close(slave);
	close(pty_fd);
}

static void test_killed_terminal(int signal, const char *statement)
{
	char text[512] = "";
	pid_t servers[2], pid;
	int slave, status;
	bool raw;

	pid = client_on_terminal(jail_sleeps, servers, &slave);
	raw = read_until(pty_fd, text, "rows 40") && becomes_raw(slave);
	if (signal)
		kill(pid, signal);
	else
		kill(servers[1], SIGKILL);
	waitpid(pid, &status, 0);
	check(raw && !is_raw(slave) && (signal ? WIFSIGNALED(status) && WTERMSIG(status) == signal
					       : WEXITSTATUS(status) == 1), statement);
	waitpid(servers[0], NULL, 0);
	waitpid(servers[1], NULL, 0);
	close(slave);
	close(pty_fd);
}

static void test_piped_terminal(void)
{
	struct result r = run(&(struct how){ .argv = { "jailctl", "exec", "-t", "web" },
					     .input = "one\ntwo" }, give_terminal,
			      jail_reads_to_the_end);

	check(r.code == 3 && strstr(r.out, "read 7"), "the end of piped input is typed as such");
	forget(&r);
}

/* --- a command of jaild that has the terminal --- */

static void take_terminal(int fd)
{
	ask(fd);
	frame(fd, 'T', "<first>\0<last>", 15);
}

/* What the client says next, as text: fields end in `|`. */
static bool hears(int fd, const char *expected)
{
	unsigned char header[5];
	char text[64] = "";
	size_t n;

	if (!get(fd, header, 5))
		return false;
	n = header[1] | (size_t)header[2] << 8;
	must(n < sizeof(text) - 1 && get(fd, text + 1, n), "frame");
	text[0] = (char)header[0];
	for (size_t i = 1; i <= n; i++)
		if (text[i] == '\0')
			text[i] = '|';
	return strcmp(text, expected) == 0;
}

static void play_live(int fd)
{
	bool same;

	take_terminal(fd);
	same = hears(fd, "W100|40|C.UTF-8|");
	frame(fd, 'O', "ready", 5);
	same = same && hears(fd, "Ix");
	frame(fd, 'O', "heard", 5);
	same = same && hears(fd, "W100|50|C.UTF-8|");
	frame(fd, 'T', "", 0);
	frame(fd, 'E', "after", 5);
	frame(fd, 'X', same ? "\7" : "\10", 1);
}

static void stay_live(int fd)
{
	take_terminal(fd);
	if (!hears(fd, "W100|40|C.UTF-8|"))
		_exit(1);
	frame(fd, 'O', "ready", 5);
	while (hears(fd, "W100|40|C.UTF-8|"))
		frame(fd, 'O', "again", 5);
}

static void be_silent_live(int fd)
{
	take_terminal(fd);
	if (hears(fd, "W100|40|C.UTF-8|"))
		frame(fd, 'O', "ready", 5);
	pause();
}

static pid_t live_client(serve_fn daemon, pid_t *server, int *slave)
{
	struct winsize window = { .ws_row = 40, .ws_col = 100 };
	char path[4096], name[64];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/run/jaild/jaild.sock", prefix);
	*server = serve(path, daemon);
	pid = forkpty(&pty_fd, name, NULL, &window);
	if (pid == 0) {
		setenv("JAILD_PREFIX", prefix, 1);
		unsetenv("LC_ALL");
		setenv("LC_CTYPE", "C.UTF-8", 1);
		setenv("LANG", "C", 1);
		execl(jailctl, "jailctl", "top", (char *)NULL);
		_exit(99);
	}
	*slave = open(name, O_RDWR | O_NOCTTY);
	return pid;
}

/* Keys are read as they are typed and are not shown, but those of signals work. */
static bool is_quiet(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 && !(modes.c_lflag & (ICANON | ECHO)) && modes.c_lflag & ISIG;
}

static bool is_as_before(int fd)
{
	struct termios modes;

	return tcgetattr(fd, &modes) == 0 && modes.c_lflag & ICANON && modes.c_lflag & ECHO;
}

static void end_live(pid_t server, int slave)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	close(slave);
	close(pty_fd);
}

static void test_live(void)
{
	struct winsize window = { .ws_row = 50, .ws_col = 100 };
	char text[512] = "";
	pid_t server, pid;
	int slave, status;

	pid = live_client(play_live, &server, &slave);
	check(read_until(pty_fd, text, "ready") && strstr(text, "<first>ready") && is_quiet(slave),
	      "a command that takes the terminal knows its size and locale, and nothing typed is shown");
	must(write(pty_fd, "x", 1) == 1, "write");
	check(read_until(pty_fd, text, "heard"), "what is typed reaches jaild");
	ioctl(pty_fd, TIOCSWINSZ, &window);
	check(read_until(pty_fd, text, "<last>after"), "errors are shown on the screen that stays");
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 7 && is_as_before(slave),
	      "a change of size reaches jaild, and the terminal is as before at the end");
	end_live(server, slave);
}

static void test_live_end(int signal, const char *key, const char *statement)
{
	char text[512] = "";
	pid_t server, pid;
	int slave, status;
	bool quiet;

	pid = live_client(be_silent_live, &server, &slave);
	quiet = read_until(pty_fd, text, "ready") && is_quiet(slave);
	if (*key)
		must(write(pty_fd, key, 1) == 1, "write");
	else
		kill(signal ? pid : server, signal ? signal : SIGKILL);
	waitpid(pid, &status, 0);
	check(quiet && is_as_before(slave) && read_until(pty_fd, text, "<last>") &&
	      (signal ? WIFSIGNALED(status) && WTERMSIG(status) == signal
		      : WIFEXITED(status) && WEXITSTATUS(status) == 1), statement);
	end_live(server, slave);
}

static void test_live_stop(void)
{
	char text[512] = "";
	pid_t server, pid;
	int slave, status;
	bool holds;

	pid = live_client(stay_live, &server, &slave);
	holds = read_until(pty_fd, text, "ready");
	must(write(pty_fd, "\32", 1) == 1, "write");
	waitpid(pid, &status, WUNTRACED);
	holds = holds && WIFSTOPPED(status) && is_as_before(slave) && read_until(pty_fd, text, "<last>");
	kill(pid, SIGCONT);
	check(holds && read_until(pty_fd, text, "<last><first>again") && is_quiet(slave),
	      "while the client is stopped the terminal is as before, and is taken again");
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	end_live(server, slave);
}

static void take_incompletely(int fd)
{
	ask(fd);
	frame(fd, 'T', "<first>", 7);
}

static void take_too_much(int fd)
{
	char much[300] = "";

	ask(fd);
	frame(fd, 'T', much, sizeof(much));
}

static void test_no_terminal(void)
{
	expect("a terminal that is not there is not taken", WORDS("jailctl", "top"), take_terminal, NULL,
	       1, "", "error: jaild asks for a terminal that is not there\n");
	expect("what shall be printed has an end", WORDS("jailctl", "top"), take_incompletely, NULL, 1, "",
	       "error: jaild sent something for the terminal that is not complete\n");
	expect("and a bound", WORDS("jailctl", "top"), take_too_much, NULL, 1, "",
	       "error: jaild sent too much for the terminal\n");
}

static void test_long_prefix(void)
{
	char path[300], was[300];

	strcpy(was, prefix);
	snprintf(path, sizeof(path), "%s/%0120d", dir, 0);
	must(mkdir(path, 0700) == 0, path);
	strcpy(prefix, path);
	strcat(path, "/run");
	must(mkdir(path, 0700) == 0, path);
	strcat(path, "/jaild");
	must(mkdir(path, 0700) == 0, path);
	expect("a socket with a path longer than an address is reached", WORDS("jailctl", "list"),
	       answer_shortly, NULL, 0, "x", "y");
	strcpy(prefix, was);
}

static void make_places(void)
{
	const char *client = getenv("JAILCTL") ? getenv("JAILCTL") : "bin/jailctl";
	char command[1200];

	must(mkdtemp(dir) != NULL, dir);
	snprintf(prefix, sizeof(prefix), "%s/p", dir);
	snprintf(jailctl, sizeof(jailctl), "%s/bin/jailctl", dir);
	snprintf(jls, sizeof(jls), "%s/jls", dir);
	snprintf(jailer_path, sizeof(jailer_path), "%s/run/jaild/web/jailer.sock", prefix);
	snprintf(command, sizeof(command),
		 "mkdir -p %s/bin %s/dist/src %s/run/jaild/web && cp %s %s && ln -s bin/jailctl %s",
		 dir, dir, prefix, client, jailctl, jls);
	must(system(command) == 0, client);
}

int main(void)
{
	char command[160];

	make_places();
	test_request();
	test_frames();
	test_ends();
	test_locally();
	test_hand_over();
	test_terminal();
	test_killed_terminal(SIGUSR1, "a signal that kills the client leaves the terminal as before");
	test_killed_terminal(0, "so does a jailer that goes away");
	test_piped_terminal();
	test_live();
	test_live_end(SIGTERM, "", "a client that is asked to end leaves the terminal as before");
	test_live_end(SIGHUP, "", "so does one whose terminal is closed");
	test_live_end(SIGQUIT, "\34", "and Ctrl-\\ ends it");
	test_live_end(SIGINT, "\3", "Ctrl-C ends it, though jaild says nothing");
	test_live_end(0, "", "when jaild goes away the terminal is as before");
	test_live_stop();
	test_no_terminal();
	test_long_prefix();
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	failed |= system(command) != 0;
	printf("1..%d\n", count);
	return failed;
}
