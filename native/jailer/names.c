#include "names.h"
#include "calls.h"

#include <string.h>
#include <sys/resource.h>

static const struct {
	const char *name;
	uint64_t flag;
} namespaces[] = {
	{ "mount", CLONE_NEWNS }, { "uts", CLONE_NEWUTS },	 { "ipc", CLONE_NEWIPC },
	{ "pid", CLONE_NEWPID },  { "net", CLONE_NEWNET },	 { "user", CLONE_NEWUSER },
	{ "time", CLONE_NEWTIME }, { "cgroup", CLONE_NEWCGROUP },
};

static const char *const mount_types[] = {
	[MOUNT_BIND] = "bind",	 [MOUNT_NODES] = "nodes",   [MOUNT_TMPFS] = "tmpfs",
	[MOUNT_PROC] = "proc",	 [MOUNT_SYSFS] = "sysfs",   [MOUNT_DEVPTS] = "devpts",
	[MOUNT_MQUEUE] = "mqueue",
};

static const struct {
	const char *name;
	int number;
} rlimits[] = {
	{ "cpu", RLIMIT_CPU },	       { "fsize", RLIMIT_FSIZE },
	{ "data", RLIMIT_DATA },       { "stack", RLIMIT_STACK },
	{ "core", RLIMIT_CORE },       { "rss", RLIMIT_RSS },
	{ "nproc", RLIMIT_NPROC },     { "nofile", RLIMIT_NOFILE },
	{ "memlock", RLIMIT_MEMLOCK }, { "as", RLIMIT_AS },
	{ "locks", RLIMIT_LOCKS },     { "sigpending", RLIMIT_SIGPENDING },
	{ "msgqueue", RLIMIT_MSGQUEUE }, { "nice", RLIMIT_NICE },
	{ "rtprio", RLIMIT_RTPRIO },   { "rttime", RLIMIT_RTTIME },
};

static uint64_t namespace_flag(const char *name)
{
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (strcmp(name, namespaces[i].name) == 0)
			return namespaces[i].flag;
	return 0;
}

bool namespaces_parse(char *list, uint64_t *flags)
{
	char *next;

	for (char *name = list; name != NULL; name = next) {
		uint64_t flag;

		next = strchr(name, ',');
		if (next != NULL)
			*next++ = '\0';
		flag = namespace_flag(name);
		if (flag == 0)
			return false;
		*flags |= flag;
	}
	return true;
}

bool mount_type_parse(const char *name, enum mount_type *type)
{
	for (size_t i = 0; i < sizeof(mount_types) / sizeof(mount_types[0]); i++) {
		if (strcmp(name, mount_types[i]) == 0) {
			*type = (enum mount_type)i;
			return true;
		}
	}
	return false;
}

const char *mount_type_name(enum mount_type type)
{
	return type == MOUNT_BIND ? NULL : mount_types[type];
}

int rlimit_number(const char *name)
{
	for (size_t i = 0; i < sizeof(rlimits) / sizeof(rlimits[0]); i++)
		if (strcmp(name, rlimits[i].name) == 0)
			return rlimits[i].number;
	return -1;
}
