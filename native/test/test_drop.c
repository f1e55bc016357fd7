/* link: test/test_drop.c jailer/drop_filter.c jailer/landlock.c jailer/answers_filter.c  (what a jailer cannot do any more) */
#include "check.h"
#include "drop.h"
#include "landlock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/test_drop.XXXXXX";

/* In a process of its own, for nothing here can be taken back. */
static void apart(const char *title, void (*run)(void))
{
	int status;
	pid_t pid = fork();

	check(pid >= 0);
	if (pid == 0) {
		check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
		run();
		_exit(0);
	}
	check(waitpid(pid, &status, 0) == pid);
	printf("  %s %s\n", status == 0 ? "ok    " : WEXITSTATUS(status) == 77 ? "NOT RUN" : "FAILED", title);
	check(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 77));
}

static void filter(const struct plan *plan)
{
#ifdef __SANITIZE_ADDRESS__
	/* The sanitizer has calls of its own to make. */
	(void)plan;
	_exit(77);
#else
	check(drop_calls(plan) == 0);
#endif
}

static void keeps_calls(void)
{
	static struct plan plan;
	struct utsname names;

	filter(&plan);
	check(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == ENOSYS);
	check(kill(getpid(), 0) == -1 && errno == ENOSYS);
	check(execl("/bin/true", "true", NULL) == -1 && errno == ENOSYS);
	check(uname(&names) == -1 && errno == ENOSYS);
	check(open("/dev/null", O_RDONLY) >= 0);
}

static void keeps_calls_of_helpers(void)
{
	static struct plan plan = { .answer_release = "1.2.3" };
	struct utsname names;

	filter(&plan);
	check(uname(&names) == 0);
	check(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == ENOSYS);
}

static void keeps_places(void)
{
	struct landlock_place place = {
		.fd = open(dir, O_PATH | O_DIRECTORY),
		.rights = LANDLOCK_READ_FILE | LANDLOCK_WRITE_FILE | LANDLOCK_MAKE_FILE | LANDLOCK_REMOVE_FILE,
	};
	int fd;

	if (syscall(444, NULL, 0, 1) < 2)
		_exit(77);
	check(landlock_restrict(LANDLOCK_ALL_FILES, 0, &place, 1) == 0);
	check(chdir(dir) == 0);
	fd = open("a", O_RDWR | O_CREAT, 0600);
	check(fd >= 0 && rename("a", "b") == 0 && unlink("b") == 0);
	check(mkdirat(AT_FDCWD, "c", 0700) == -1 && errno == EACCES);
	check(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	check(open("/tmp/test_drop.other", O_RDWR | O_CREAT, 0600) == -1 && errno == EACCES);
}

static void restricts_nothing(void)
{
	check(landlock_restrict(0, 0, NULL, 0) == 0);
	check(open("/etc/passwd", O_RDONLY) >= 0);
}

int main(void)
{
	check(mkdtemp(dir) != NULL);
	apart("a jailer's other system calls are as those of an older kernel", keeps_calls);
	apart("its helpers have those that answering takes", keeps_calls_of_helpers);
	apart("it opens nothing but below the places it is left", keeps_places);
	apart("who asks for no restriction has none", restricts_nothing);
	check(rmdir(dir) == 0);
	return 0;
}
