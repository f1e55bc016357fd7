/*
 * Stands in for the jailer, becomes it, and watches it from outside: kills it, or process 1 of the jail that it builds,
 * right before a system call that a test names. Compiled with PROGRAM, what it becomes, and ORDERS, a directory.
 *
 * ORDERS/JAIL holds what to do from the moment when it is found on: "list", which writes "WHO NUMBER" of each system call
 * to ORDERS/JAIL.list, or "WHO NUMBER TIMES", the system call before which WHO (jailer, init) is killed when it makes it for
 * the TIMES-th time; that takes the file away.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum who { JAILER, INIT, HELPER, NOBODY };

static const char *const names[] = { "jailer", "init", "helper", "nobody" };

#define WATCHED_MAX 64
#define BIRTHS (PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK)

static struct {
	pid_t pid;
	enum who who;
} watched[WATCHED_MAX];
static char order_path[4096], list_path[4096];
static FILE *list;
static enum { NO_ORDER, TO_LIST, TO_KILL, DONE } order;
static enum who victim;
static unsigned long long number;
static int times;
static bool is_jailer;

static void look_for_order(void)
{
	char name[16] = "";
	FILE *file = fopen(order_path, "r");

	if (file == NULL)
		return;
	if (fscanf(file, "%15s %llu %d", name, &number, &times) == 3) {
		victim = strcmp(name, names[JAILER]) == 0 ? JAILER : INIT;
		order = TO_KILL;
	} else {
		list = fopen(list_path, "a");
		order = TO_LIST;
	}
	fclose(file);
}

static enum who *known(pid_t pid)
{
	int free = -1;

	for (int i = 0; i < WATCHED_MAX; i++) {
		if (watched[i].pid == pid)
			return &watched[i].who;
		if (watched[i].pid == 0)
			free = i;
	}
	if (free < 0)
		abort();
	watched[free].pid = pid;
	watched[free].who = NOBODY;
	return &watched[free].who;
}

static void forget(pid_t pid)
{
	for (int i = 0; i < WATCHED_MAX; i++)
		if (watched[i].pid == pid)
			watched[i].pid = 0;
}

/* Process 1 of a PID namespace below ours. */
static bool is_first(pid_t pid)
{
	char path[64], line[256];
	bool first = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "NSpid:", 6) == 0)
			first = strcmp(strrchr(line, '\t'), "\t1\n") == 0;
	if (file != NULL)
		fclose(file);
	return first;
}

/* Calls of process 1's own children are nobody's business. */
static void meet(pid_t pid, enum who *who)
{
	*who = is_first(pid) ? INIT : HELPER;
	if (*who == INIT)
		ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
}

static void take_note(pid_t pid, enum who who)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return;
	if (order == TO_LIST && access(list_path, F_OK) < 0) {
		fclose(list);
		order = NO_ORDER;
	}
	if (order == NO_ORDER)
		look_for_order();
	if (order == TO_LIST) {
		fprintf(list, "%s %llu\n", names[who], (unsigned long long)info.entry.nr);
		fflush(list);
	}
	if (order != TO_KILL || who != victim || info.entry.nr != number || --times > 0)
		return;
	order = DONE;
	kill(pid, SIGKILL);
	unlink(order_path);
}

static void resume(pid_t pid, int status)
{
	int event = status >> 16, signal = WSTOPSIG(status);
	enum who *who = known(pid);

	if (event == PTRACE_EVENT_EXEC && *who == JAILER)
		is_jailer = true;
	if (event == PTRACE_EVENT_STOP && *who == NOBODY)
		meet(pid, who);
	if (signal == (SIGTRAP | 0x80) && is_jailer && (*who == JAILER || *who == INIT))
		take_note(pid, *who);
	if (event != 0 || signal == (SIGTRAP | 0x80))
		signal = 0;
	ptrace(*who == HELPER ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, signal);
}

static void watch(pid_t jailer, int ready)
{
	int status;
	pid_t pid;

	*known(jailer) = JAILER;
	if (ptrace(PTRACE_SEIZE, jailer, 0, BIRTHS | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, jailer, 0, 0) < 0)
		_exit(1);
	close(ready);
	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		if (WIFSTOPPED(status))
			resume(pid, status);
		else
			forget(pid);
	}
	_exit(0);
}

/* A grandchild, so that the jailer has no child that it does not know; it holds nothing of the jailer's. */
static void be_watched(void)
{
	pid_t self = getpid();
	int ready[2];
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0)
		_exit(1);
	if (fork() == 0) {
		if (fork() != 0)
			_exit(0);
		setsid();
		close(ready[0]);
		close(3);
		close(4);
		watch(self, ready[1]);
	}
	wait(NULL);
	close(ready[1]);
	while (read(ready[0], &byte, 1) < 0 && errno == EINTR)
		;
	close(ready[0]);
}

int main(int argc, char **argv)
{
	if (argc == 2) {
		const char *jail = strrchr(argv[1], '/') + 1;

		snprintf(order_path, sizeof(order_path), "%s/%s", ORDERS, jail);
		snprintf(list_path, sizeof(list_path), "%s/%s.list", ORDERS, jail);
		be_watched();
	}
	execv(PROGRAM, argv);
	return 127;
}
