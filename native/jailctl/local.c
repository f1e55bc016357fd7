#include "client.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT "/../dist/src/jailctl.js"

_Noreturn static void give_up(const char *subject, const char *unreachable)
{
	int error = errno;

	if (unreachable)
		COMPLAIN("jaild is not reachable: ", unreachable);
	COMPLAIN(subject, ": ", strerror(error));
	exit(CODE_UNREACHABLE);
}

/* Beside the directory of this very file, links resolved, and not of what PATH or argv[0] say. */
static const char *script_path(void)
{
	static char path[PATH_MAX + sizeof(SCRIPT)];
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX);
	char *slash;

	if (n <= 0)
		return NULL;
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return NULL;
	strcpy(slash, SCRIPT);
	return path;
}

void run_locally(const struct call *call, const char *unreachable)
{
	const char *script = script_path();
	size_t n = 0;
	char **argv;

	if (!script || access(script, R_OK) < 0)
		give_up(script ? script : "/proc/self/exe", unreachable);
	while (call->words[n])
		n++;
	argv = calloc(n + 3, sizeof(*argv));
	if (!argv)
		give_up("node", unreachable);
	argv[0] = "node";
	argv[1] = (char *)script;
	memcpy(argv + 2, call->words, n * sizeof(*argv));
	setenv("JAILD_CALLED_AS", call->name, 1);
	if (unreachable)
		setenv("JAILD_UNREACHABLE", unreachable, 1);
	else
		unsetenv("JAILD_UNREACHABLE");
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	give_up("node", unreachable);
}
