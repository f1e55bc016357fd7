/* usage: probe [NAME...]: prints "NAME CLASS WEIGHT pass|fail DETAIL" for each; without names for all. */
#include "probe.h"

#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

enum { DETAIL_BYTES = 300, PATIENCE_MS = 4000 };

extern const struct probe *const __start_probes[], *const __stop_probes[];

/* Shared with the child, which leaves its words there. */
static char *detail;

_Noreturn void fail(const char *format, ...)
{
	va_list words;

	va_start(words, format);
	vsnprintf(detail, DETAIL_BYTES, format, words);
	va_end(words);
	_exit(1);
}

void expect_refused(const char *what, long answer)
{
	if (answer >= 0)
		fail("%s was done", what);
}

size_t slurp(const char *path, char *text, size_t size)
{
	size_t have = 0;
	ssize_t n;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	while (fd >= 0 && have < size - 1 && (n = read(fd, text + have, size - 1 - have)) > 0)
		have += (size_t)n;
	text[have] = '\0';
	if (fd >= 0)
		close(fd);
	return have;
}

static const char *find_line(const char *path, const char *key, char end)
{
	static char text[16384];
	size_t length = strlen(key);

	slurp(path, text, sizeof(text));
	for (char *line = text; line != NULL; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0 || line[length] != end)
			continue;
		line += length + 1;
		line += strspn(line, " \t");
		line[strcspn(line, "\n")] = '\0';
		return line;
	}
	return NULL;
}

const char *status_field(const char *key)
{
	const char *value = find_line("/proc/self/status", key, ':');

	return value == NULL ? "" : value;
}

const char *host(const char *key)
{
	const char *value = find_line("/etc/host", key, ' ');

	if (value == NULL)
		fail("the runner has not told %s", key);
	return value;
}

static void wait_ms(long ms)
{
	struct timespec time = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

/* Its wait status; a probe that hangs is ended. */
static int run_child(const struct probe *probe)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setpgid(0, 0);
		probe->run(probe);
		_exit(0);
	}
	setpgid(pid, pid);
	for (long ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += ms < 20 ? 1 : 10) {
		wait_ms(ms < 20 ? 1 : 10);
		if (ms > PATIENCE_MS) {
			snprintf(detail, DETAIL_BYTES, "does not end");
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
	}
	kill(-pid, SIGKILL);
	return status;
}

static void run(const struct probe *probe)
{
	bool held;
	int status;

	detail[0] = '\0';
	fflush(stdout);
	status = run_child(probe);
	/* The filter kills for calls of another architecture: that is an answer. */
	held = WIFEXITED(status) ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGSYS;
	if (WIFSIGNALED(status) && detail[0] == '\0')
		snprintf(detail, DETAIL_BYTES, "signal %d", WTERMSIG(status));
	for (char *c = detail; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = ' ';
	printf("%s %s %d %s %s\n", probe->name, probe->class, probe->weight, held ? "pass" : "fail", detail);
}

static bool is_wanted(const char *name, int count, char **names)
{
	for (int i = 1; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return count == 1;
}

/* On the host: two names of one directory change places until somebody ends it. */
_Noreturn static void swap(const char *a, const char *b)
{
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 2);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "swap") == 0)
		swap(argv[2], argv[3]);
	if (argc == 4 && strcmp(argv[1], "listen") == 0)
		return be_host(argv[2], atoi(argv[3]));
	if (argc == 3 && strcmp(argv[1], "watch") == 0)
		return watch(atoi(argv[2]));
	detail = mmap(NULL, DETAIL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (detail == MAP_FAILED)
		return 1;
	for (const struct probe *const *at = __start_probes; at < __stop_probes; at++)
		if (is_wanted((*at)->name, argc, argv))
			run(*at);
	return 0;
}
