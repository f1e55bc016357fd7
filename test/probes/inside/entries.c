/* The other ways into the kernel: 32-bit and x32 calls, numbers that are not or not yet calls, odd arguments. */
#include "probe.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#ifdef __x86_64__
static long int80(long number, long a, long b, long c)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void legacy(const struct probe *probe)
{
	const long *n = probe->numbers;
	void *low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	long answer;

	if (low == MAP_FAILED)
		fail("no memory below 4 GB");
	memcpy(low, (unsigned int[]){ 40, 1, 0 }, 12);
	answer = int80(n[0], n[1], n[2], n[3]);
	if (answer != -ENOSYS && answer != -EPERM)
		fail("the 32-bit call %ld answered %ld", n[0], answer);
}

#define LEGACY(weight_, id, ...)                                                                 \
	ENTER(int80_##id, .name = "int80_" #id, .class = "3.entries", .weight = weight_,         \
	      .run = legacy, .numbers = { __VA_ARGS__ })

LEGACY(HIGH, getpid, 20)
LEGACY(HIGH, socketcall_vsock, 102, 1, 0x10000000)
LEGACY(HIGH, socket_alg, 359, 38, 5, 0)
LEGACY(HIGH, mount, 21, 0x10000000, 0x10000000, 0)
LEGACY(HIGH, unshare, 310, CLONE_NEWUSER)
LEGACY(MEDIUM, keyctl, 288, 0, -3)
LEGACY(MEDIUM, init_module, 128)
LEGACY(LOW, newest, 469)

static void wide(const struct probe *probe)
{
	const long *n = probe->numbers;
	long answer = syscall(0x40000000 | n[0], n[1], n[2], n[3]);

	if (answer >= 0 || (errno != ENOSYS && errno != EPERM))
		fail("the x32 call %ld answered %ld", n[0], answer);
}

#define WIDE(weight_, id, ...)                                                                   \
	ENTER(x32_##id, .name = "x32_" #id, .class = "3.entries", .weight = weight_,             \
	      .run = wide, .numbers = { __VA_ARGS__ })

WIDE(HIGH, getpid, SYS_getpid)
WIDE(HIGH, unshare, SYS_unshare, CLONE_NEWUSER)
WIDE(HIGH, bpf, SYS_bpf)
WIDE(MEDIUM, ptrace, 521, 0, 0, 0)
WIDE(MEDIUM, ioctl, 514, 0, TIOCSTI, 0)
#endif

/* Fails for the first number of a range that the kernel knows. */
static void expect_unknown(long from, long to)
{
	for (long number = from; number <= to; number++) {
		pid_t pid;

		errno = 0;
		pid = (pid_t)syscall(number, -1, -1, -1, -1, -1, -1);
		if (pid < 0 && (errno == ENOSYS || errno == EPERM))
			continue;
		fail("call %ld answered %d (%s)", number, pid, strerror(errno));
	}
}

PROBE("3.entries", HIGH, numbers_471_to_600)
{
	expect_unknown(471, 600);
}

PROBE("3.entries", LOW, numbers_of_x32_without_its_bit)
{
	expect_unknown(512, 547);
}

PROBE("3.entries", LOW, numbers_between)
{
	expect_unknown(337, 423);
	expect_unknown(1000, 1100);
}

PROBE("3.entries", MEDIUM, number_with_high_bits)
{
	/* The kernel looks at the lower 32 bits of the number only, and so does the filter. */
	long answer = syscall((long)(0x100000000L | SYS_unshare), CLONE_NEWUSER);

	expect_refused("unshare with bits above the number", answer);
}

PROBE("3.entries", HIGH, ioctl_tiocsti)
{
	if (ioctl(0, TIOCSTI, "x") == 0 || errno != EPERM)
		fail("TIOCSTI answered %s", strerror(errno));
}

PROBE("3.entries", HIGH, ioctl_tiocsti_high_bits)
{
	if (syscall(SYS_ioctl, 0, 0x100005412UL, "x") == 0 || errno != EPERM)
		fail("TIOCSTI with high bits answered %s", strerror(errno));
}

PROBE("3.entries", MEDIUM, ioctl_tioclinux)
{
	if (ioctl(0, TIOCLINUX, "\2") == 0 || errno != EPERM)
		fail("TIOCLINUX answered %s", strerror(errno));
}

PROBE("3.entries", LOW, ioctl_tiocsetd)
{
	int kind = 3, terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	if (terminal < 0)
		fail("no terminal: %s", strerror(errno));
	if (ioctl(terminal, TIOCSETD, &kind) == 0)
		fail("a terminal took line discipline %d, which loads modules", kind);
}

PROBE("3.entries", LOW, ioctl_tioccons)
{
	int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY);

	expect_refused("TIOCCONS", ioctl(terminal, TIOCCONS, 0));
}

PROBE("3.entries", HIGH, clone_flags_in_high_bits)
{
	if (syscall(SYS_clone, 0x100000000UL | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0)
		fail("a user namespace by clone");
}

PROBE("3.entries", MEDIUM, prctl_set_mm)
{
	expect_refused("PR_SET_MM", prctl(PR_SET_MM, PR_SET_MM_START_BRK, 0x10000000, 0, 0));
}

PROBE("3.entries", HIGH, prctl_new_privs_back)
{
	prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		fail("no_new_privs is not set");
}

PROBE("3.entries", LOW, prctl_io_flusher)
{
	expect_refused("PR_SET_IO_FLUSHER", prctl(57, 1, 0, 0, 0));
}

PROBE("3.entries", LOW, vsyscall_clock)
{
	char text[4096];

	slurp("/proc/self/maps", text, sizeof(text));
	if (strstr(text, "r-xp") != NULL && strstr(text, "[vsyscall]") != NULL && strstr(text, "r-xp 00000000 00:00 0                  [vsyscall]") != NULL)
		fail("vsyscall page can be read");
}
