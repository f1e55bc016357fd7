#include "keys.h"
#include "calls.h"
#include "names.h"
#include "shelf.h"
#include "text.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define ARGC_MAX 4096
#define ENV_MAX 4096
#define SECONDS_MAX (365U * 86400)

void *take_spare(struct plan *p, size_t n)
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

static bool read_text(struct fields *f, void *value)
{
	const char **text = value;

	return (*text = fields_next(f)) != NULL && **text != '\0';
}

static bool read_path(struct fields *f, void *value)
{
	return read_text(f, value) && **(const char **)value == '/';
}

static bool read_yes(struct fields *f, void *value)
{
	const char *s = fields_next(f);

	*(bool *)value = true;
	return s != NULL && strcmp(s, "yes") == 0;
}

static bool read_number(struct fields *f, unsigned int base, uint64_t max, uint64_t *value)
{
	const char *s = fields_next(f);

	return s != NULL && text_to_number(s, base, max, value);
}

static bool read_hex(struct fields *f, void *value)
{
	return read_number(f, 16, UINT64_MAX, value);
}

/* The records that are more than one value, one function for each key. */

static bool key_version(struct plan *p, struct fields *f)
{
	const char *s = fields_next(f);

	(void)p;
	return s != NULL && strcmp(s, "1") == 0;
}

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

static bool key_log_age(struct plan *p, struct fields *f)
{
	return read_number(f, 10, INT64_MAX, &p->log_age) && p->log_age > 0;
}

static bool key_log_rate(struct plan *p, struct fields *f)
{
	const char *unit;

	if (!read_number(f, 10, INT64_MAX, &p->log_rate) || (unit = fields_next(f)) == NULL ||
	    !read_number(f, 10, SECONDS_MAX, &p->log_rate_seconds))
		return false;
	p->log_rate_bytes = strcmp(unit, "bytes") == 0;
	return p->log_rate > 0 && p->log_rate_seconds > 0 &&
	       (p->log_rate_bytes || strcmp(unit, "lines") == 0);
}

static bool key_log_to(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->log_targets, ITEM_LOG);
	const char *kind;

	if (item == NULL || (kind = item->target = fields_next(f)) == NULL)
		return false;
	item->source = fields_next(f);
	return item->source != NULL && item->source[0] == '/' &&
	       (strcmp(kind, "journald") == 0 || strcmp(kind, "syslog") == 0);
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

static bool key_layer(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->layers, ITEM_LAYER);

	/* With `ephemeral` the root is one more. */
	return ++p->layer_count < LAYERS_MAX && item != NULL &&
	       (item->source = fields_next(f)) != NULL && item->source[0] == '/';
}

static bool key_ephemeral(struct plan *p, struct fields *f)
{
	char *options = fields_next(f);

	p->ephemeral = true;
	return options != NULL && options_parse(&p->ephemeral_options, options, false);
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

/* "MAJOR:MINOR" */
static bool read_device(struct fields *f, uint64_t *device)
{
	char *number = fields_next(f);
	char *colon = number != NULL ? strchr(number, ':') : NULL;
	uint64_t major, minor;

	if (colon == NULL)
		return false;
	*colon = '\0';
	if (!text_to_number(number, 10, UINT32_MAX, &major) ||
	    !text_to_number(colon + 1, 10, UINT32_MAX, &minor))
		return false;
	*device = makedev((unsigned int)major, (unsigned int)minor);
	return true;
}

static bool key_mkdir(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_MKDIR);

	return item != NULL && (item->target = fields_next(f)) != NULL &&
	       read_number(f, 8, 07777, &item->number);
}

static bool key_file(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_FILE);
	char *options;

	p->has_files = true;
	if (item == NULL || (item->target = fields_next(f)) == NULL || item->target[0] == '\0' ||
	    !read_number(f, 8, 07777, &item->number) || (options = fields_next(f)) == NULL ||
	    !options_parse(&item->options, options, true) || item->options.recursive ||
	    item->options.idmap || (item->source = fields_next(f)) == NULL)
		return false;
	item->options.attributes |= MOUNT_ATTR_RDONLY;
	return hex_decode(item->source, &item->hard);
}

/* The file system for nodes that is mounted on the directory of `target`, or NULL. */
static const struct item *nodes_around(const struct plan *p, const char *target)
{
	const char *slash = strrchr(target, '/');
	size_t n = slash != NULL ? (size_t)(slash - target) : 0;
	const struct item *found = NULL;

	for (const struct item *i = p->furnish.first; n > 0 && i != NULL; i = i->next)
		if (i->kind == ITEM_MOUNT && i->type == MOUNT_NODES &&
		    strncmp(i->target, target, n) == 0 && i->target[n] == '\0')
			found = i;
	return found;
}

static bool key_node(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->furnish, ITEM_NODE);
	const char *type;
	uint64_t mode;

	if (item == NULL || (item->target = fields_next(f)) == NULL || item->target[0] == '\0' ||
	    (type = fields_next(f)) == NULL || (strcmp(type, "b") != 0 && strcmp(type, "c") != 0) ||
	    !read_device(f, &item->number) || !read_number(f, 8, 0777, &mode))
		return false;
	item->within = nodes_around(p, item->target);
	p->has_nodes = p->has_nodes || item->within == NULL;
	item->options.create = true;
	item->options.attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	item->hard = mode | (type[0] == 'b' ? S_IFBLK : S_IFCHR);
	return true;
}

static bool key_account(struct plan *p, struct fields *f)
{
	return read_text(f, &p->account) && (p->home = fields_next(f)) != NULL &&
	       (p->shell = fields_next(f)) != NULL;
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

static bool key_landlock(struct plan *p, struct fields *f)
{
	const char *list = fields_next(f);

	p->landlock_scopes = true;
	p->landlock_files = list != NULL && strcmp(list, "files,scopes") == 0;
	return p->landlock_files || (list != NULL && strcmp(list, "scopes") == 0);
}

static bool key_answer_mount(struct plan *p, struct fields *f)
{
	struct item *item = add_item(p, &p->answer_mounts, ITEM_ANSWER);
	char *options;

	return item != NULL && (item->target = fields_next(f)) != NULL &&
	       (item->source = fields_next(f)) != NULL && (options = fields_next(f)) != NULL &&
	       (item->source[0] == '/' ||
		(mount_type_parse(item->source, &item->type) &&
		 (item->type == MOUNT_BIND || item->type == MOUNT_TMPFS))) &&
	       options_parse(&item->options, options, false);
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

	return ++p->env_count <= ENV_MAX && item != NULL &&
	       (item->source = fields_next(f)) != NULL && item->source[0] != '=' && strchr(item->source, '=') != NULL;
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

/* THE TABLE of keys: those that are one value of struct plan, and those with a function. */
#define PLAN_KEYS(VALUE, RECORD)                          \
	RECORD("version", ONCE, key_version)              \
	VALUE("name", read_text, name)                    \
	VALUE("launch", read_text, launch)                \
	VALUE("rundir", read_path, rundir)                \
	RECORD("log", ONCE, key_log)                      \
	RECORD("log.age", ONCE, key_log_age)              \
	RECORD("log.rate", ONCE, key_log_rate)            \
	RECORD("log.to", MANY, key_log_to)                \
	VALUE("notify", read_path, notify)                \
	RECORD("namespaces", ONCE, key_namespaces)        \
	VALUE("uid_map", read_text, uid_map)              \
	VALUE("gid_map", read_text, gid_map)              \
	VALUE("netns", read_path, netns)                  \
	RECORD("time.offset", MANY, key_time_offset)      \
	VALUE("cgroup.v2", read_path, cgroup)             \
	RECORD("cgroup.procs", MANY, key_cgroup_procs)    \
	VALUE("hostname", read_text, hostname)            \
	VALUE("domainname", read_text, domainname)        \
	RECORD("root", ONCE, key_root)                    \
	RECORD("layer", MANY, key_layer)                  \
	VALUE("work", read_path, work)                    \
	RECORD("ephemeral", ONCE, key_ephemeral)          \
	VALUE("late", read_yes, late)                     \
	RECORD("mount", MANY, key_mount)                  \
	RECORD("mkdir", MANY, key_mkdir)                  \
	RECORD("symlink", MANY, key_symlink)              \
	RECORD("file", MANY, key_file)                    \
	RECORD("node", MANY, key_node)                    \
	RECORD("mask", MANY, key_mask)                    \
	RECORD("readonly", MANY, key_readonly)            \
	RECORD("sysctl", MANY, key_sysctl)                \
	RECORD("rlimit", MANY, key_rlimit)                \
	RECORD("umask", ONCE, key_umask)                  \
	RECORD("env", MANY, key_env)                      \
	VALUE("login", read_yes, login)                   \
	VALUE("workdir", read_path, workdir)              \
	VALUE("user", read_text, user)                    \
	RECORD("account", ONCE, key_account)              \
	VALUE("caps", read_hex, caps)                     \
	VALUE("no_new_privs", read_yes, no_new_privs)     \
	VALUE("seccomp", read_path, seccomp)              \
	VALUE("seccomp.init", read_yes, seccomp_init)     \
	RECORD("landlock", ONCE, key_landlock)            \
	VALUE("apparmor", read_text, apparmor)            \
	VALUE("selinux", read_text, selinux)              \
	VALUE("answer.hostname", read_yes, answer_hostname) \
	VALUE("answer.release", read_text, answer_release) \
	RECORD("answer.mount", MANY, key_answer_mount)    \
	VALUE("persist", read_yes, persist)               \
	VALUE("foreground", read_yes, foreground)         \
	VALUE("terminal", read_yes, terminal)             \
	RECORD("run", MANY, key_run)

static const struct key {
	const char *name;
	bool many;
	bool (*value)(struct fields *, void *);
	size_t place;		/* of the value in struct plan */
	bool (*record)(struct plan *, struct fields *);
} keys[] = {
#define VALUE(name, read, field) { name, ONCE, read, offsetof(struct plan, field), NULL },
#define RECORD(name, many, read) { name, many, NULL, 0, read },
	PLAN_KEYS(VALUE, RECORD)
#undef VALUE
#undef RECORD
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

bool key_read(struct plan *p, const char *name, struct fields *f, uint64_t *seen)
{
	bool first = *seen == 0;
	size_t i = 0;

	while (i < KEY_COUNT && strcmp(name, keys[i].name) != 0)
		i++;
	if (i == KEY_COUNT || first != (i == 0) || (!keys[i].many && (*seen & (1ULL << i)) != 0))
		return false;
	*seen |= 1ULL << i;
	return keys[i].value != NULL ? keys[i].value(f, (char *)p + keys[i].place) :
				       keys[i].record(p, f);
}
