/*
 * jail-tests [WORD]: runs the tests whose title has WORD in it, each in a process of its own.
 * JAILER names the program under test; VERBOSE=1 shows what it says.
 */
#include "check.h"
#include "jail_tests.h"

#include <sched.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct test *const groups[] = { plan_tests, build_tests, run_tests, exec_tests,
					   shelf_tests, answers_tests, again_tests, check_tests, notify_tests };

static bool run(const struct test *t)
{
	int status;
	bool skipped;
	pid_t pid = fork();

	check(pid >= 0);
	if (pid == 0) {
		alarm(300);
		t->run();
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid);
	skipped = WIFEXITED(status) && WEXITSTATUS(status) == 77;
	printf("  %s %s\n", status == 0 ? "ok    " : skipped ? "NOT RUN" : "FAILED", t->title);
	fflush(stdout);
	return status == 0 || skipped;
}

static int count_mounts(void)
{
	FILE *f = fopen("/proc/self/mounts", "r");
	int n = 0;

	check(f != NULL);
	for (int c; (c = fgetc(f)) != EOF;)
		n += c == '\n';
	fclose(f);
	return n;
}

/* Whatever a jailer left running would be our child by now. */
static bool nobody_left(void)
{
	pid_t pid = 0;

	for (int i = 0; i < 600 && pid >= 0; i++) {
		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			;
		if (pid == 0)
			usleep(100000);
	}
	return pid < 0 && errno == ECHILD;
}

int main(int argc, char **argv)
{
	int failed = 0, ran = 0, mounts;

	if (geteuid() != 0) {
		fprintf(stderr, "jail-tests: only root can make jails: not run\n");
		return 77;
	}
	/* Of its own: what others mount on the host meanwhile is not ours to count. */
	check(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	mounts = count_mounts();
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		for (const struct test *t = groups[g]; t->title != NULL; t++) {
			if (argc > 1 && strstr(t->title, argv[1]) == NULL)
				continue;
			ran++;
			failed += !run(t);
		}
	}
	if (!nobody_left()) {
		printf("  FAILED no process is left\n");
		failed++;
	}
	/* Fewer there may be: a mount point removed elsewhere takes its mount away here, too. */
	if (count_mounts() > mounts) {
		printf("  FAILED no mount is left\n");
		failed++;
	}
	printf("%d tests, %d failed\n", ran, failed);
	return failed > 0 || ran == 0;
}
