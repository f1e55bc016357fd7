#include "plan.h"
#include "calls.h"
#include "names.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define PLAN_MAX (4U << 20)
#define ARGC_MAX 4096
#define ENV_MAX 4096
#define SECONDS_MAX (365U * 86400)

char *fields_next(struct fields *f)
{
	char *field = f->at;
	char *nul = f->at < f->end ? memchr(f->at, '\0', (size_t)(f->end - f->at)) : NULL;

	if (nul == NULL)
		return NULL;
	f->at = nul + 1;
	return field;
}

static void *take_spare(struct plan *p, size_t n)
{
	char *at = p->spare;

	n = (n + 15) & ~(size_t)15;
	if (n > (size_t)(p->spare_end - at))
		return NULL;
	p->spare += n;
	return at;
}

static struct item *add_item(struct plan *p, struct item_list *list, enum item_kind kind)
{
	struct item *item = take_spare(p, sizeof(*item));

	if (item == NULL)
		return NULL;
	*item = (struct item){ .kind = kind };
	*list->last = item;
	list->last = &item->next;
	return item;
}

/* The readers of one value. Each: false refuses the plan. */

static bool read_text(struct fields *f, const char **value)
{
	return (*value = fields_next(f)) != NULL && **value != '\0';
}

static bool read_path(struct fields *f, const char **value)
{
	return read_text(f, value) && **value == '/';
}

static bool read_number(struct fields *f, unsigned int base, uint64_t max, uint64_t *value)
{
	const char *s = fields_next(f);

	return s != NULL && text_to_number(s, base, max, value);
}

static bool read_yes(struct fields *f, bool *value)
{
	const char *s = fields_next(f);

	*value = true;
	return s != NULL && strcmp(s, "yes") == 0;
}

/* One function for each key, named after it. */

static bool key_version(struct plan *p, struct fields *f)
{
	const char *s = fields_next(f);

	(void)p;
	return s != NULL && strcmp(s, "1") == 0;
}

static bool key_name(struct plan *p, struct fields *f) { return read_text(f, &p->name); }
static bool key_launch(struct plan *p, struct fields *f) { return read_text(f, &p->launch); }
static bool key_rundir(struct plan *p, struct fields *f) { return read_path(f, &p->rundir); }
static bool key_uid_map(struct plan *p, struct fields *f) { return read_text(f, &p->uid_map); }
static bool key_gid_map(struct plan *p, struct fields *f) { return read_text(f, &p->gid_map); }
static bool key_cgroup_v2(struct plan *p, struct fields *f) { return read_path(f, &p->cgroup); }
static bool key_hostname(struct plan *p, struct fields *f) { return read_text(f, &p->hostname); }
static bool key_domainname(struct plan *p, struct fields *f) { return read_text(f, &p->domainname); }
static bool key_login(struct plan *p, struct fields *f) { return read_yes(f, &p->login); }
static bool key_workdir(struct plan *p, struct fields *f) { return read_path(f, &p->workdir); }
static bool key_user(struct plan *p, struct fields *f) { return read_text(f, &p->user); }
static bool key_caps(struct plan *p, struct fields *f) { return read_number(f, 16, UINT64_MAX, &p->caps); }
static bool key_no_new_privs(struct plan *p, struct fields *f) { return read_yes(f, &p->no_new_privs); }
static bool key_seccomp(struct plan *p, struct fields *f) { return read_path(f, &p->seccomp); }
static bool key_persist(struct plan *p, struct fields *f) { return read_yes(f, &p->persist); }
static bool key_foreground(struct plan *p, struct fields *f) { return read_yes(f, &p->foreground); }
static bool key_terminal(struct plan *p, struct fields *f) { return read_yes(f, &p->terminal); }

static bool key_log(struct plan *p, struct fields *f)
{
	uint64_t files;
	const char *stamp;

	if (!read_path(f, &p->log_path) || !read_number(f, 10, INT64_MAX, &p->log_size) ||
	    !read_number(f, 10, 10000, &files) || (stamp = fields_next(f)) == NULL)
		return false;
	p->log_files = (unsigned int)files;
	p->log_timestamps = strcmp(stamp, "timestamps") == 0;
	return p->log_timestamps || strcmp(stamp, "plain") == 0;
}

static bool key_namespaces(struct plan *p, struct fields *f)
{
	char *list = fields_next(f);

	return list != NULL && namespaces_parse(list, &p->namespaces);
}

static bool key_time_offset(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->times, ITEM_TIME);
	const char *seconds;
	uint64_t n;

	if (item == NULL || (item->target = fields_next(f)) == NULL ||
	    (item->source = fields_next(f)) == NULL)
		return false;
	seconds = item->source + (item->source[0] == '-');
	return (strcmp(item->target, "monotonic") == 0 || strcmp(item->target, "boottime") == 0) &&
	       text_to_number(seconds, 10, INT64_MAX / 1000000000, &n);
}

static bool key_cgroup_procs(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->cgroups, ITEM_CGROUP);

	return item != NULL && (item->target = fields_next(f)) != NULL && item->target[0] == '/';
}

static bool key_root(struct plan *p, struct fields *f)
{
	char *options;

	if (!read_path(f, &p->root) || (options = fields_next(f)) == NULL ||
	    !options_parse(&p->root_options, options, true))
		return false;
	/* Mount points may have to be made in it first. */
	p->root_readonly = (p->root_options.attributes & MOUNT_ATTR_RDONLY) != 0;
	p->root_options.attributes &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	return true;
}

static bool key_mount(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_MOUNT);
	const char *type = fields_next(f);
	char *options;

	if (item == NULL || type == NULL || !mount_type_parse(type, &item->type) ||
	    (item->source = fields_next(f)) == NULL || (item->target = fields_next(f)) == NULL ||
	    (options = fields_next(f)) == NULL)
		return false;
	return options_parse(&item->options, options, item->type == MOUNT_BIND) &&
	       (item->type != MOUNT_BIND || item->source[0] == '/');
}

static bool key_device(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_DEVICE);
	char *number, *colon;
	uint64_t major, minor;

	if (item == NULL || (item->source = fields_next(f)) == NULL ||
	    (item->target = fields_next(f)) == NULL || (number = fields_next(f)) == NULL ||
	    (colon = strchr(number, ':')) == NULL)
		return false;
	*colon = '\0';
	if (item->source[0] != '/' || !text_to_number(number, 10, UINT32_MAX, &major) ||
	    !text_to_number(colon + 1, 10, UINT32_MAX, &minor))
		return false;
	item->number = makedev((unsigned int)major, (unsigned int)minor);
	return true;
}

static bool key_mkdir(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_MKDIR);

	return item != NULL && (item->target = fields_next(f)) != NULL &&
	       read_number(f, 8, 07777, &item->number);
}

/* TARGET and one more field. */
static bool read_pair(struct plan *p, struct fields *f, struct item_list *list, enum item_kind kind)
{
	struct item *item = add_item(p, list, kind);

	return item != NULL && (item->target = fields_next(f)) != NULL &&
	       item->target[0] != '\0' && (item->source = fields_next(f)) != NULL;
}

static bool key_symlink(struct plan *p, struct fields *f)
{
	return read_pair(p, f, &p->furnish, ITEM_SYMLINK);
}

static bool key_sysctl(struct plan *p, struct fields *f)
{
	return read_pair(p, f, &p->sysctls, ITEM_SYSCTL);
}

static bool read_cover(struct plan *p, struct fields *f, enum item_kind kind)
{
	struct item *item = add_item(p, &p->cover, kind);

	return item != NULL && (item->target = fields_next(f)) != NULL && item->target[0] != '\0';
}

static bool key_mask(struct plan *p, struct fields *f)
{
	p->hides = true;
	return read_cover(p, f, ITEM_MASK);
}

static bool key_readonly(struct plan *p, struct fields *f)
{
	return read_cover(p, f, ITEM_READONLY);
}

static bool read_limit(struct fields *f, uint64_t *limit)
{
	const char *s = fields_next(f);

	*limit = UINT64_MAX;
	return s != NULL &&
	       (strcmp(s, "unlimited") == 0 || text_to_number(s, 10, UINT64_MAX - 1, limit));
}

static bool key_rlimit(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->rlimits, ITEM_RLIMIT);

	return item != NULL && (item->target = fields_next(f)) != NULL &&
	       rlimit_number(item->target) >= 0 && read_limit(f, &item->number) &&
	       read_limit(f, &item->hard) && item->number <= item->hard;
}

static bool key_umask(struct plan *p, struct fields *f)
{
	uint64_t mask;

	if (!read_number(f, 8, 0777, &mask))
		return false;
	p->umask = (mode_t)mask;
	return true;
}

static bool key_env(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->envs, ITEM_ENV);

	return ++p->env_count <= ENV_MAX && item != NULL && (item->source = fields_next(f)) != NULL &&
	       item->source[0] != '=' && strchr(item->source, '=') != NULL;
}

static bool read_phase(struct fields *f, enum run_phase *phase)
{
	const char *s = fields_next(f);

	if (s == NULL)
		return false;
	*phase = strcmp(s, "start") == 0	    ? RUN_START :
		 strcmp(s, "start-background") == 0 ? RUN_BACKGROUND :
						      RUN_COMMAND;
	return *phase != RUN_COMMAND || strcmp(s, "command") == 0;
}

static bool key_run(struct plan *p, struct fields *f)
{
	struct run *run = take_spare(p, sizeof(*run));
	uint64_t timeout, argc;

	/* Nothing comes behind `command`: what it ended with is what the jail ended with. */
	for (struct run *r = p->runs; r != NULL; r = r->next)
		if (r->phase == RUN_COMMAND)
			return false;
	if (run == NULL)
		return false;
	*run = (struct run){ .next = NULL };
	if (!read_phase(f, &run->phase) || !read_number(f, 10, SECONDS_MAX, &timeout) ||
	    !read_number(f, 10, ARGC_MAX, &argc) || argc == 0)
		return false;
	run->timeout = (unsigned int)timeout;
	run->argv = take_spare(p, (argc + 1) * sizeof(char *));
	if (run->argv == NULL)
		return false;
	for (uint64_t i = 0; i < argc; i++)
		if ((run->argv[i] = fields_next(f)) == NULL)
			return false;
	run->argv[argc] = NULL;
	*p->last_run = run;
	p->last_run = &run->next;
	return run->argv[0][0] != '\0';
}

#define ONCE false
#define MANY true

/* THE TABLE of keys. */
#define PLAN_KEYS(X)                             \
	X("version", ONCE, key_version)          \
	X("name", ONCE, key_name)                \
	X("launch", ONCE, key_launch)            \
	X("rundir", ONCE, key_rundir)            \
	X("log", ONCE, key_log)                  \
	X("namespaces", ONCE, key_namespaces)    \
	X("uid_map", ONCE, key_uid_map)          \
	X("gid_map", ONCE, key_gid_map)          \
	X("time.offset", MANY, key_time_offset)  \
	X("cgroup.v2", ONCE, key_cgroup_v2)      \
	X("cgroup.procs", MANY, key_cgroup_procs) \
	X("hostname", ONCE, key_hostname)        \
	X("domainname", ONCE, key_domainname)    \
	X("root", ONCE, key_root)                \
	X("mount", MANY, key_mount)              \
	X("device", MANY, key_device)            \
	X("mkdir", MANY, key_mkdir)              \
	X("symlink", MANY, key_symlink)          \
	X("mask", MANY, key_mask)                \
	X("readonly", MANY, key_readonly)        \
	X("sysctl", MANY, key_sysctl)            \
	X("rlimit", MANY, key_rlimit)            \
	X("umask", ONCE, key_umask)              \
	X("env", MANY, key_env)                  \
	X("login", ONCE, key_login)              \
	X("workdir", ONCE, key_workdir)          \
	X("user", ONCE, key_user)                \
	X("caps", ONCE, key_caps)                \
	X("no_new_privs", ONCE, key_no_new_privs) \
	X("seccomp", ONCE, key_seccomp)          \
	X("persist", ONCE, key_persist)          \
	X("foreground", ONCE, key_foreground)    \
	X("terminal", ONCE, key_terminal)        \
	X("run", MANY, key_run)

static const struct key {
	const char *name;
	bool many;
	bool (*read)(struct plan *, struct fields *);
} keys[] = {
#define X(name, many, read) { name, many, read },
	PLAN_KEYS(X)
#undef X
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static size_t find_key(const char *name)
{
	size_t i = 0;

	while (i < KEY_COUNT && strcmp(name, keys[i].name) != 0)
		i++;
	return i;
}

static bool read_records(struct plan *p, struct fields *f)
{
	uint64_t seen = 0;
	bool first = true;

	while (f->at < f->end) {
		char *name = fields_next(f);
		size_t i;

		if (name == NULL)
			return false;
		p->bad = name;
		i = find_key(name);
		if (i == KEY_COUNT || first != (i == 0) ||
		    (!keys[i].many && (seen & (1ULL << i)) != 0) || !keys[i].read(p, f))
			return false;
		seen |= 1ULL << i;
		first = false;
	}
	return true;
}

/* What must be there, and what would reach out of the jail without its namespace. */
static bool check_plan(struct plan *p)
{
	const uint64_t walls = CLONE_NEWNS | CLONE_NEWPID;
	bool user = (p->namespaces & CLONE_NEWUSER) != 0;
	const char *missing =
		p->name == NULL			     ? "name" :
		p->launch == NULL		     ? "launch" :
		p->rundir == NULL		     ? "rundir" :
		p->root == NULL			     ? "root" :
		(p->namespaces & walls) != walls     ? "namespaces" :
		user != (p->uid_map != NULL)	     ? "uid_map" :
		user != (p->gid_map != NULL)	     ? "gid_map" :
		p->root_options.idmap && !user	     ? "root" :
		p->terminal && !p->foreground	     ? "terminal" :
		p->times.first != NULL && !(p->namespaces & CLONE_NEWTIME) ? "time.offset" :
		p->hostname != NULL && !(p->namespaces & CLONE_NEWUTS) ? "hostname" :
		p->domainname != NULL && !(p->namespaces & CLONE_NEWUTS) ? "domainname" :
									   NULL;

	for (struct item *i = p->furnish.first; missing == NULL && i != NULL; i = i->next)
		if (i->options.idmap && !user)
			missing = "mount";
	p->bad = missing;
	return missing == NULL;
}

static bool list_environment(struct plan *p)
{
	size_t n = 0;

	p->env = take_spare(p, (p->env_count + 1) * sizeof(char *));
	if (p->env == NULL)
		return false;
	for (struct item *i = p->envs.first; i != NULL; i = i->next)
		p->env[n++] = i->source;
	p->env[n] = NULL;
	return true;
}

static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = pread(fd, bytes + have, size - have, (off_t)have);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int plan_read(struct plan *p, int fd)
{
	struct item_list *lists[] = { &p->times, &p->cgroups, &p->furnish, &p->cover,
				      &p->sysctls, &p->rlimits, &p->envs };
	struct stat st;
	struct fields f;
	size_t size, spare;
	ssize_t have;

	*p = (struct plan){ .workdir = "/", .user = "0:0", .umask = 022, .last_run = &p->runs };
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		lists[i]->last = &lists[i]->first;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PLAN_MAX) {
		errno = EINVAL;
		return -1;
	}
	/* A record has at least two bytes; memory that is never touched costs nothing. */
	size = ((size_t)st.st_size + 15) & ~(size_t)15;
	spare = size / 2 * sizeof(struct item) + 4096;
	f.at = mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f.at == MAP_FAILED || (have = read_all(fd, f.at, (size_t)st.st_size)) < 0)
		return -1;
	f.end = f.at + have;
	p->spare = f.at + size;
	p->spare_end = p->spare + spare;
	if (read_records(p, &f) && check_plan(p) && list_environment(p))
		return 0;
	errno = EINVAL;
	return -1;
}
