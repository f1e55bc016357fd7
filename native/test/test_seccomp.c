/* link: test/test_seccomp.c seccomp/policy.c seccomp/filter.c -lseccomp  (with -Iseccomp; run as root, in the repository or with POLICY=…/default.policy) */
#define _GNU_SOURCE
#include "policy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int count, failed;

static void check(bool holds, const char *statement)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++count, statement);
	fflush(stdout);
	failed |= !holds;
}

struct code {
	struct sock_filter bytes[BPF_MAXINSNS];
	unsigned short n;
};

/* Returns 0, or -1 with the mistake. */
static int compile(FILE *in, struct code *code, struct mistake *m)
{
	struct filter f;
	int fd = memfd_create("bpf", 0), result = -1;

	if (open_filter(&f) == 0 && read_policy(in, &f, m) == 0 && write_filter(&f, fd) == 0) {
		ssize_t n = pread(fd, code->bytes, sizeof(code->bytes), 0);

		code->n = (unsigned short)((size_t)n / sizeof(*code->bytes));
		result = 0;
	}
	close_filter(&f);
	close(fd);
	return result;
}

static int compile_text(const char *text, struct code *code, struct mistake *m)
{
	FILE *in = fmemopen((char *)text, strlen(text), "r");
	int result = compile(in, code, m);

	fclose(in);
	return result;
}

static void load(const struct code *code)
{
	struct sock_fprog program = { .len = code->n, .filter = (struct sock_filter *)code->bytes };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		_exit(200);
}

/* --- calls --- */

struct attempt {
	const char *name;
	long call;
	unsigned long args[6];
	int wanted;		/* errno under the filter; 0: anything that is no refusal */
};

#define NEW_FLAGS 8
static const unsigned long new_flags[NEW_FLAGS] = { 0x80, CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS,
						     CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID,
						     CLONE_NEWNET };
/* Above it, arguments of 32 bits mean the same to the kernel. */
#define HIGH 0x100000000ul
#define NONE ((unsigned long)-1)

/* All with arguments that do no harm when they are let through, and fail with another error. */
static const struct attempt attempts[] = {
	{ "acct", SYS_acct, { 1 }, EPERM },
	{ "add_key", SYS_add_key, { 0 }, EPERM },
	{ "adjtimex", SYS_adjtimex, { 0 }, EPERM },
	{ "bpf", SYS_bpf, { NONE }, EPERM },
	{ "clock_adjtime", SYS_clock_adjtime, { 0 }, EPERM },
	{ "clock_settime", SYS_clock_settime, { NONE }, EPERM },
	{ "clone3", SYS_clone3, { 0 }, ENOSYS },
	{ "delete_module", SYS_delete_module, { 0 }, EPERM },
	{ "fanotify_init", SYS_fanotify_init, { NONE, NONE }, EPERM },
	{ "fanotify_mark", SYS_fanotify_mark, { NONE, NONE }, EPERM },
	{ "finit_module", SYS_finit_module, { NONE, 0, NONE }, EPERM },
	{ "fsconfig", SYS_fsconfig, { NONE, NONE }, EPERM },
	{ "fsmount", SYS_fsmount, { NONE }, EPERM },
	{ "fsopen", SYS_fsopen, { 0, NONE }, EPERM },
	{ "fspick", SYS_fspick, { NONE, 0, NONE }, EPERM },
	{ "init_module", SYS_init_module, { 0 }, EPERM },
	{ "io_uring_enter", SYS_io_uring_enter, { NONE }, EPERM },
	{ "io_uring_register", SYS_io_uring_register, { NONE }, EPERM },
	{ "io_uring_setup", SYS_io_uring_setup, { 0 }, EPERM },
	{ "kcmp", SYS_kcmp, { NONE }, EPERM },
	{ "kexec_file_load", SYS_kexec_file_load, { NONE, NONE, 0, 0, NONE }, EPERM },
	{ "kexec_load", SYS_kexec_load, { 0, 0, 0, NONE }, EPERM },
	{ "keyctl", SYS_keyctl, { NONE }, EPERM },
	{ "lookup_dcookie", SYS_lookup_dcookie, { 0 }, EPERM },
	{ "migrate_pages", SYS_migrate_pages, { NONE }, EPERM },
	{ "mount", SYS_mount, { 0 }, EPERM },
	{ "mount_setattr", SYS_mount_setattr, { NONE, 0, NONE }, EPERM },
	{ "move_mount", SYS_move_mount, { NONE, 0, NONE, 0, NONE }, EPERM },
	{ "move_pages", SYS_move_pages, { NONE, NONE, 0, 0, 0, NONE }, EPERM },
	{ "open_by_handle_at", SYS_open_by_handle_at, { NONE }, EPERM },
	{ "open_tree", SYS_open_tree, { NONE, 0, NONE }, EPERM },
	{ "perf_event_open", SYS_perf_event_open, { 0 }, EPERM },
	{ "pivot_root", SYS_pivot_root, { 0 }, EPERM },
	{ "quotactl", SYS_quotactl, { NONE }, EPERM },
	{ "quotactl_fd", SYS_quotactl_fd, { NONE }, EPERM },
	{ "reboot", SYS_reboot, { 0 }, EPERM },
	{ "request_key", SYS_request_key, { 0 }, EPERM },
	{ "setns", SYS_setns, { NONE }, EPERM },
	{ "settimeofday", SYS_settimeofday, { 1 }, EPERM },
	{ "swapoff", SYS_swapoff, { 0 }, EPERM },
	{ "swapon", SYS_swapon, { 0 }, EPERM },
	{ "syslog", SYS_syslog, { NONE }, EPERM },
	{ "umount2", SYS_umount2, { 0 }, EPERM },
	{ "userfaultfd", SYS_userfaultfd, { 2 }, EPERM },
	{ "vhangup", SYS_vhangup, { 0 }, EPERM },
	{ "ioctl TIOCSTI", SYS_ioctl, { NONE, 0x5412 }, EPERM },
	{ "ioctl TIOCSTI, 64 bits", SYS_ioctl, { NONE, 0x5412 + HIGH }, EPERM },
	{ "ioctl TIOCLINUX", SYS_ioctl, { NONE, 0x541c }, EPERM },
	{ "personality READ_IMPLIES_EXEC", SYS_personality, { 0x400000 }, EPERM },
	{ "personality ADDR_NO_RANDOMIZE", SYS_personality, { 0x40000 }, EPERM },
	{ "name_to_handle_at", SYS_name_to_handle_at, { NONE }, EPERM },
	{ "memfd_secret", SYS_memfd_secret, { NONE }, ENOSYS },
	{ "io_setup", SYS_io_setup, { 0 }, ENOSYS },
	{ "socket UDP-Lite", SYS_socket, { 2, 2, 136 }, EPROTONOSUPPORT },
	{ "socket SEQPACKET", SYS_socket, { 2, 5, 0 }, EAFNOSUPPORT },
	{ "socketpair AF_INET", SYS_socketpair, { 2, 1, 0, 0 }, EAFNOSUPPORT },
	{ "socket netlink netfilter", SYS_socket, { 16, 3, 12 }, EAFNOSUPPORT },
	{ "socket packet", SYS_socket, { 17, 3, 0 }, EAFNOSUPPORT },
	{ "socket packet, 64 bits", SYS_socket, { 17 + HIGH, 3, 0 }, EAFNOSUPPORT },
#ifdef __x86_64__
	{ "ioperm", SYS_ioperm, { NONE, NONE }, EPERM },
	{ "iopl", SYS_iopl, { NONE }, EPERM },
	{ "modify_ldt", SYS_modify_ldt, { NONE }, EPERM },
	{ "ustat", SYS_ustat, { 0 }, ENOSYS },
	{ "sysfs", SYS_sysfs, { NONE }, ENOSYS },
#endif
	{ "ioctl TIOCGWINSZ", SYS_ioctl, { NONE, 0x5413 }, 0 },
	{ "personality, asked for", SYS_personality, { 0xffffffff }, 0 },
	{ "personality UNAME26", SYS_personality, { 0x20000 }, 0 },
	{ "personality PER_LINUX", SYS_personality, { 0 }, 0 },
	{ "socket unix", SYS_socket, { 1, 1, 0 }, 0 },
	{ "socket unix, 64 bits", SYS_socket, { 1 + HIGH, 1, 0 }, 0 },
	{ "socket inet", SYS_socket, { 2, 1, 0 }, 0 },
	{ "socket inet6", SYS_socket, { 10, 2, 0 }, 0 },
	{ "socket netlink route", SYS_socket, { 16, 3, 0 }, 0 },
	{ "unshare CLONE_FS", SYS_unshare, { CLONE_FS }, 0 },
	{ "chroot", SYS_chroot, { 0 }, 0 },
	{ "sethostname", SYS_sethostname, { 0, NONE }, 0 },
	{ "seccomp", SYS_seccomp, { NONE }, 0 },
	{ "landlock_create_ruleset", SYS_landlock_create_ruleset, { 0, 0, 1 }, 0 },
	{ "process_vm_readv", SYS_process_vm_readv, { NONE }, 0 },
};
#define ATTEMPTS (sizeof(attempts) / sizeof(*attempts))

static int try(const struct attempt *a)
{
	long result = syscall(a->call, a->args[0], a->args[1], a->args[2], a->args[3], a->args[4],
			      a->args[5]);

	return result < 0 ? errno : 0;
}

/* The errno of each attempt, in a child of its own kind. */
static bool try_all(const struct code *code, int errors[ATTEMPTS])
{
	int pipes[2], status;
	bool whole;
	pid_t pid;

	if (pipe(pipes) < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		setsid();	/* so that vhangup(2) finds no terminal */
		if (code)
			load(code);
		for (size_t i = 0; i < ATTEMPTS; i++)
			errors[i] = try(&attempts[i]);
		_exit(write(pipes[1], errors, ATTEMPTS * sizeof(*errors)) < 0);
	}
	close(pipes[1]);
	whole = read(pipes[0], errors, ATTEMPTS * sizeof(*errors)) == (ssize_t)(ATTEMPTS * sizeof(int));
	close(pipes[0]);
	waitpid(pid, &status, 0);
	return whole && status == 0;
}

static void test_calls(const struct code *code)
{
	int without[ATTEMPTS], under[ATTEMPTS];

	check(try_all(NULL, without) && try_all(code, under), "the calls can be tried");
	for (size_t i = 0; i < ATTEMPTS; i++) {
		const struct attempt *a = &attempts[i];
		char text[128];
		bool right = a->wanted ? under[i] == a->wanted : under[i] == without[i];

		/* An attempt that fails so in any case would prove nothing. */
		if (a->wanted && without[i] == a->wanted)
			right = false;
		if (!right)
			printf("# %s: without %d, under %d\n", a->name, without[i], under[i]);
		snprintf(text, sizeof(text), "%s is %s", a->name,
			 a->wanted ? strerrorname_np(a->wanted) : "let through");
		check(right, text);
	}
}

/* Runs `body` under the filter; returns the exit code, or minus the signal. */
static int in_child(const struct code *code, int (*body)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGSYS, SIG_DFL);
		load(code);
		/* Sanitizers do more at _exit(2) than these policies let them. */
		syscall(SYS_exit_group, body());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* CLONE_SIGHAND without CLONE_VM is EINVAL, so nothing is made when the filter lets it through. */
static int refuses_namespaces(void)
{
	for (int i = 0; i < NEW_FLAGS; i++) {
		if (syscall(SYS_clone, new_flags[i] | CLONE_SIGHAND, 0, 0, 0, 0) >= 0 || errno != EPERM)
			return i + 1;
		if (syscall(SYS_unshare, new_flags[i] | 0x1) >= 0 || errno != EPERM)
			return i + 101;
	}
	return syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0) < 0 && errno == EINVAL ? 0 : 99;
}

static int refuses_families(void)
{
	for (int family = 0; family < 64; family++) {
		bool let_through = family == 1 || family == 2 || family == 10 || family == 16;
		int fd = socket(family, SOCK_DGRAM, 0);

		if (fd >= 0)
			close(fd);
		if ((fd < 0 && errno == EAFNOSUPPORT) == let_through)
			return family + 1;
	}
	return 0;
}

#ifdef __x86_64__
static int calls_x32(void)
{
	syscall(0x40000000 | SYS_getpid);
	return 0;
}

static int calls_i386(void)
{
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory", "r8", "r9", "r10", "r11");
	return 0;
}
#endif

static int calls_nothing(void)
{
	return 0;
}

static void test_entries(const struct code *code)
{
	check(in_child(code, refuses_namespaces) == 0, "clone and unshare make no namespace of any kind");
	check(in_child(code, refuses_families) == 0,
	      "sockets of all families but unix, inet, inet6 and netlink are EAFNOSUPPORT");
	check(in_child(code, calls_nothing) == 0, "a process under the filter ends as it likes");
#ifdef __x86_64__
	check(in_child(code, calls_x32) == -SIGSYS, "an x32 call kills");
	check(in_child(code, calls_i386) == -SIGSYS, "a 32-bit call kills");
#endif
}

/* --- programs --- */

static void test_program(const struct code *code, const char *name, const char *statement,
			 const char *command)
{
	char line[64];
	int status;
	pid_t pid;

	snprintf(line, sizeof(line), "command -v %s >/dev/null", name);
	if (system(line) != 0) {
		printf("# not tried, no %s here: %s\n", name, statement);
		return;
	}
	pid = fork();
	if (pid == 0) {
		unsetenv("LD_PRELOAD");
		load(code);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0, statement);
}

static void test_programs(const struct code *code)
{
	test_program(code, "busybox", "a shell runs",
		     "busybox sh -c 'test $(echo a b | busybox wc -w) = 2 && busybox ls / >/dev/null'");
	test_program(code, "perl", "perl runs", "perl -MSocket -e 'fork // die; wait'");
	test_program(code, "python3", "python3 runs, with threads, processes and a server",
		     "python3 -c 'import threading, subprocess, socket, os, asyncio\n"
		     "t = threading.Thread(target=print, args=(end := \"\",)); t.start(); t.join()\n"
		     "assert subprocess.run([\"true\"]).returncode == 0\n"
		     "s = socket.create_server((\"127.0.0.1\", 0)); c = socket.create_connection(s.getsockname())\n"
		     "async def f(): await asyncio.sleep(0)\nasyncio.run(f())' >/dev/null");
	test_program(code, "node", "node runs, with workers and a server",
		     "node -e 'const w = require(\"worker_threads\"), n = require(\"net\");"
		     "new w.Worker(\"0\", {eval: true}).on(\"exit\", () => {"
		     "const s = n.createServer().listen(0, \"127.0.0.1\", () =>"
		     "require(\"child_process\").execFile(\"true\", (e) => process.exit(e ? 1 : 0)))})'");
	test_program(code, "nginx", "nginx serves",
		     "d=$(mktemp -d) && chmod 755 $d && echo hello >$d/f || exit 1\n"
		     "echo \"daemon off; pid $d/pid; error_log $d/log; events {} http { access_log off;"
		     "client_body_temp_path $d/b; proxy_temp_path $d/p; fastcgi_temp_path $d/c;"
		     "uwsgi_temp_path $d/u; scgi_temp_path $d/s;"
		     "server { listen unix:$d/sock; root $d; } }\" >$d/conf\n"
		     "nginx -c $d/conf -e $d/log & n=$!\n"
		     "i=0; until test -S $d/sock || test $i = 300; do sleep 0.01; i=$((i + 1)); done\n"
		     "python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX);"
		     "s.connect(sys.argv[1]); s.send(b\"GET /f HTTP/1.0\\r\\n\\r\\n\");"
		     "b = b\"\".join(iter(lambda: s.recv(999), b\"\")); sys.exit(b\"hello\" not in b)' $d/sock\n"
		     "r=$?; kill $n; wait $n; rm -r $d; exit $r");
	test_program(code, "gcc", "gcc compiles", "gcc -x c -o /dev/null - <<E\nint main(void){return 0;}\nE\n");
}

/* --- the language --- */

static int own_pid(void)
{
	return syscall(SYS_getpid) > 0 ? 0 : errno;
}

static int own_parent(void)
{
	return syscall(SYS_getppid) > 0 ? 0 : errno;
}

static int own_domain(void)
{
	return syscall(SYS_personality, 0xffffffff) >= 0 ? 0 : errno;
}

static void test_order(void)
{
	static const char base[] = "default errno ENOSYS\nallow exit_group\nallow prctl\n";
	static struct code code;
	struct mistake m;
	char text[512];

	snprintf(text, sizeof(text), "%serrno EPERM getpid\nallow getpid # why\nerrno EACCES getppid\n"
		 "errno EINVAL personality\n", base);
	check(compile_text(text, &code, &m) == 0, "a policy compiles");
	check(in_child(&code, own_pid) == 0, "allow wins over a refusal without a condition");
	check(in_child(&code, own_parent) == EACCES, "a refusal has the error it names");
	check(in_child(&code, own_domain) == EINVAL, "for one call another than the default");
	snprintf(text, sizeof(text), "%sallow personality\n"
		 "errno ENODEV personality arg0 & 0xffffffff == 0xffffffff\nallow getpid\n", base);
	check(compile_text(text, &code, &m) == 0 && in_child(&code, own_domain) == ENODEV,
	      "a refusal with a condition wins over allow");
	check(in_child(&code, own_parent) == ENOSYS, "a call without a rule has the default");
	check(compile_text("default kill\n?allow no_such_call\nallow exit_group\n", &code, &m) == 0 &&
	      in_child(&code, own_pid) == -SIGSYS, "the default may kill");
}

static void test_mistakes(void)
{
	static const struct { const char *text; unsigned int line; const char *subject, *what; } all[] = {
		{ "allow read\nallow no_such_call\n", 2, "no_such_call", "unknown call" },
		{ "permit read", 1, "permit", "unknown word" },
		{ "errno EFOO read", 1, "EFOO", "unknown error name" },
		{ "errno", 1, "", "unknown error name" },
		{ "allow", 1, "allow", "the call's name is missing" },
		{ "\n\ndefault\n", 3, "", "an action is missing" },
		{ "arch pdp11", 1, "pdp11", "unknown architecture" },
		{ "allow read arg6 == 1", 1, "arg6", "a condition begins with arg0 to arg5" },
		{ "allow read arg0 = 1", 1, "=", "a condition compares with == != < <= > >= or &" },
		{ "allow read arg0 & 7 1", 1, "1", "a mask is compared with ==" },
		{ "profile\nprofile", 2, "profile", "File exists" },
		{ "allow read arg0 == x", 1, "x", "a number is missing" },
		{ "allow read arg0 == 1x", 1, "1x", "not a number" },
		{ "allow read arg0 == 1 arg1 == 2", 1, "arg0", "conditions are joined by a comma" },
		{ "allow read arg0 == 1, arg0 == 2", 1, "read", "Invalid argument" },
	};
	static struct code code;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		struct mistake m = { 0 };
		char text[128];
		bool right = compile_text(all[i].text, &code, &m) < 0 && m.line == all[i].line &&
			     strcmp(m.subject, all[i].subject) == 0 && strcmp(m.what, all[i].what) == 0;

		if (!right)
			printf("# line %u: %s: %s\n", m.line, m.subject, m.what);
		snprintf(text, sizeof(text), "line %u: %s: %s", all[i].line, all[i].subject, all[i].what);
		check(right, text);
	}
}

int main(void)
{
	const char *path = getenv("POLICY") ? getenv("POLICY") : "etc/seccomp/default.policy";
	static struct code code;
	struct mistake m = { .what = "" };
	FILE *in = fopen(path, "r");
	bool compiled = in && compile(in, &code, &m) == 0;

	if (!compiled)
		printf("# %s:%u: %s\n", path, m.line, in ? m.what : strerror(errno));
	check(compiled, "the default policy compiles");
	if (in)
		fclose(in);
	if (compiled) {
		test_calls(&code);
		test_entries(&code);
		test_programs(&code);
	}
	test_order();
	test_mistakes();
	printf("1..%d\n", count);
	return failed;
}
