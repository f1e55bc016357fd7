#include "client.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define SOCKET "/run/jaild/jaild.sock"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *known_name(const char *path)
{
	static const char *const names[] = { "jail", "jls", "jexec" };
	const char *name = base_name(path);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(name, names[i]) == 0)
			return name;
	return "jailctl";
}

/* How many arguments at `words` name the prefix (none, one or two), and which it is. */
static int prefix_words(char **words, const char **prefix)
{
	static const char option[] = "--prefix";
	size_t n = sizeof(option) - 1;
	int count = 0;

	if (strcmp(words[0], option) == 0) {
		*prefix = words[1] ? words[1] : "";
		count = 2;
	} else if (strncmp(words[0], option, n) == 0 && words[0][n] == '=') {
		*prefix = words[0] + n + 1;
		count = 1;
	}
	if (count > 0 && **prefix == '\0') {
		COMPLAIN("--prefix wants a directory");
		exit(CODE_USAGE);
	}
	return count;
}

static void remove_words(char **words, int count)
{
	do
		words[0] = words[count];
	while (*words++);
}

struct call read_call(char **argv)
{
	const char *environment = getenv("JAILD_PREFIX");
	struct call call = {
		.name = known_name(argv[0] ? argv[0] : ""),
		.prefix = environment && *environment ? environment : NULL,
		.words = argv[0] ? argv + 1 : argv,
	};
	/* jail, jls and jexec have FreeBSD's own options: ours is understood in the first place only. */
	bool anywhere = strcmp(call.name, "jailctl") == 0;

	for (char **at = call.words; *at && at[0][0] == '-' && strcmp(*at, "--") != 0;) {
		int count = prefix_words(at, &call.prefix);

		remove_words(at, count);
		if (count == 0 && !anywhere)
			break;
		at += count == 0;
	}
	if (call.prefix && setenv("JAILD_PREFIX", call.prefix, 1) < 0)
		exit(CODE_FAILED);
	return call;
}

const char *socket_of(const struct call *call)
{
	static char path[PATH_MAX + sizeof(SOCKET)];
	size_t n = call->prefix ? strlen(call->prefix) : 0;

	if (n >= PATH_MAX) {
		COMPLAIN("the prefix is too long");
		exit(CODE_USAGE);
	}
	memcpy(path, call->prefix ? call->prefix : "", n);
	memcpy(path + n, SOCKET, sizeof(SOCKET));
	return path;
}
