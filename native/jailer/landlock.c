#include "landlock.h"
#include "calls.h"

#include <errno.h>

/* The numbers of calls since Linux 5.1 are the same on every architecture. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

#define VERSION 1U	/* LANDLOCK_CREATE_RULESET_VERSION */
#define PATH_BENEATH 1

/* As of Linux 6.12; an older kernel takes it as long as what it does not know is 0. */
struct ruleset {
	uint64_t files;
	uint64_t net;
	uint64_t scopes;
};

struct path_beneath {
	uint64_t rights;
	int32_t fd;
} __attribute__((packed));

/* The rights to files that an ABI knows. */
static uint64_t known_files(long abi)
{
	/* The first forbids every move from one directory to another, and cannot be told to allow it. */
	return abi < 2 ? 0 : abi < 3 ? 0x3fff : abi < 5 ? 0x7fff : 0xffff;
}

static int add_rules(int ruleset, uint64_t files, const struct landlock_place *places, int count)
{
	for (int i = 0; files != 0 && i < count; i++) {
		struct path_beneath rule = { .rights = places[i].rights & files, .fd = places[i].fd };

		if (syscall(SYS_landlock_add_rule, ruleset, PATH_BENEATH, &rule, 0) < 0)
			return -1;
	}
	return 0;
}

int landlock_restrict(uint64_t files, uint64_t scopes, const struct landlock_place *places, int count)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION);
	struct ruleset set = { .files = files & known_files(abi), .scopes = abi < 6 ? 0 : scopes };
	int ruleset, result, error;

	if (set.files == 0 && set.scopes == 0)
		return 0;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &set, sizeof(set), 0);
	if (ruleset < 0)
		return -1;
	result = add_rules(ruleset, set.files, places, count);
	if (result == 0)
		result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
	error = errno;
	close(ruleset);
	errno = error;
	return result;
}
