/*
 * The launch plan, as PROTOCOL.md section 1 has it, read once into one block of memory that
 * everything here points into. The jailer and the jail's init share it.
 */
#ifndef JAILER_PLAN_H
#define JAILER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum item_kind {
	ITEM_MOUNT, ITEM_MKDIR, ITEM_SYMLINK, ITEM_FILE, ITEM_NODE,	/* plan->furnish */
	ITEM_MASK, ITEM_READONLY,				/* plan->cover */
	ITEM_SYSCTL, ITEM_RLIMIT, ITEM_CGROUP, ITEM_TIME, ITEM_ENV, ITEM_ANSWER, ITEM_LAYER, ITEM_LOG,
};

enum mount_type {
	MOUNT_BIND, MOUNT_NODES,				/* made by the jailer */
	MOUNT_TMPFS, MOUNT_PROC, MOUNT_SYSFS, MOUNT_DEVPTS, MOUNT_MQUEUE,
};

/* Directories of a root, which overlayfs takes at most 500 of, each with a descriptor here. */
#define LAYERS_MAX 64

struct mount_options {
	uint64_t attributes;	/* MOUNT_ATTR_* */
	bool recursive;
	bool idmap;
	bool create;
	bool optional;
	char *rest;		/* for fsconfig(2): strings one after another */
	unsigned int rest_count;
};

/* One record of a key that may come many times. */
struct item {
	struct item *next;
	enum item_kind kind;
	enum mount_type type;
	char *source;		/* of a bind; the text of a symlink; bytes; a value */
	char *target;		/* below the jail's root; or the name that gets the value */
	struct mount_options options;
	uint64_t number;	/* mode, device number, soft limit */
	uint64_t hard;		/* limit; size of a file; type and mode of a node */
	uint64_t mount_id;	/* set when mounted: what symlink may replace links in */
	bool held;		/* while the jail is built: `mount` is open */
	int mount;		/* what is mounted at `target` */
	const struct item *within;	/* the `nodes` in which a node is made, or NULL: the shelf */
};

struct item_list {
	struct item *first;
	struct item **last;
};

enum run_phase { RUN_START, RUN_BACKGROUND, RUN_COMMAND };

struct run {
	struct run *next;
	enum run_phase phase;
	unsigned int timeout;	/* seconds, 0: none */
	char **argv;
};

struct plan {
	const char *name, *launch, *rundir;
	const char *log_path;
	uint64_t log_size;
	unsigned int log_files;
	bool log_timestamps;
	uint64_t log_age;	/* seconds, 0: any */
	uint64_t log_rate, log_rate_seconds;	/* 0: whatever there is */
	bool log_rate_bytes;
	struct item_list log_targets;	/* target: the kind; source: the socket */
	const char *notify;	/* where processes of the jail tell of themselves; or NULL */
	uint64_t namespaces;	/* CLONE_NEW* */
	const char *uid_map, *gid_map;
	const char *netns;	/* of an earlier life, in place of new net and user namespaces; or NULL */
	const char *cgroup;	/* v2 directory */
	const char *hostname, *domainname;
	const char *root;
	struct mount_options root_options;
	bool root_readonly;	/* taken out of root_options: it comes last */
	struct item_list layers; /* source: a directory below the root; the topmost first */
	unsigned int layer_count;
	const char *work;	/* beside the root, for what is written over layers */
	bool ephemeral;		/* what is written goes to a memory file system */
	struct mount_options ephemeral_options;
	mode_t umask;
	char **env;
	size_t env_count;
	bool late, login, no_new_privs, persist, foreground, terminal;
	const char *workdir, *user;
	const char *account, *home, *shell;	/* of `user`, where not the jail decides; or NULL */
	uint64_t caps;
	const char *seccomp;
	bool seccomp_init;	/* it lets init do its work, so that init loads it for all */
	bool landlock_files, landlock_scopes;
	const char *apparmor, *selinux;	/* labels of what commands execute, or NULL */
	bool answer_hostname;
	const char *answer_release;	/* what uname(2) shows */

	struct item_list times, cgroups, furnish, cover, sysctls, rlimits, envs;
	struct item_list answer_mounts;	/* target: the type; source: what it stands for */
	bool hides;		/* there is a mask */
	bool has_files, has_nodes;	/* on the shelves */
	struct run *runs;
	struct run **last_run;

	const char *bad;	/* the key that refused the plan */
	char *spare;		/* memory for the lists */
	char *spare_end;
};

/* Strings one after another, each with its NUL. */
struct fields {
	char *at;
	char *end;
};

/* The next string, or NULL when there is none or it does not end. */
char *fields_next(struct fields *f);

/*
 * Reads and checks the plan behind `fd`. Returns 0, or -1 with errno; plan->bad then names the
 * key, if one is to blame.
 */
int plan_read(struct plan *plan, int fd);

/* Whether anything becomes of output. */
bool plan_logs(const struct plan *plan);

/* Where commands start: the plan's directory; else, as NULL, the user's home for a login, else "/". */
const char *plan_workdir(const struct plan *plan, bool login);

/* Splits "ro,nosuid,size=1m"; false when an option cannot be. */
bool options_parse(struct mount_options *o, char *text, bool bind);

#endif
