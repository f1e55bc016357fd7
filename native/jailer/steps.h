/*
 * THE TABLE of steps: what `error` and `warning` name. `jailer --steps` prints it, so that
 * jaild, its manual and its tests can be compared with it. In the order in which they happen.
 */
#ifndef JAILER_STEPS_H
#define JAILER_STEPS_H

#define STEPS(X)                                                              \
	X(STEP_PLAN,        "plan",         "read the launch plan")               \
	X(STEP_LOG,         "log",          "open the log")                       \
	X(STEP_NOTIFY,      "notify",       "make the socket for notices")        \
	X(STEP_TIME,        "time",         "make the time namespace")            \
	X(STEP_CGROUP,      "cgroup",       "enter the cgroup")                   \
	X(STEP_CLONE,       "clone",        "make the namespaces")                \
	X(STEP_NETNS,       "netns",        "enter the network namespace of before") \
	X(STEP_NETLINK,     "netlink",      "open a netlink socket in the jail")  \
	X(STEP_MAP,         "map",          "write the user and group maps")      \
	X(STEP_TREE,        "tree",         "copy a mount of the host")           \
	X(STEP_IDMAP,       "idmap",        "map the owners of a mount")          \
	X(STEP_OVERLAY,     "overlay",      "lay directories over each other")    \
	X(STEP_BECOME,      "become",       "become root of the user namespace")  \
	X(STEP_CGROUPNS,    "cgroupns",     "make the cgroup namespace")          \
	X(STEP_PRIVATE,     "private",      "cut mount propagation")              \
	X(STEP_LABEL,       "label",        "have commands labelled")             \
	X(STEP_ROOT,        "root",         "attach the root directory")          \
	X(STEP_MOUNT,       "mount",        "mount a file system")                \
	X(STEP_MKDIR,       "mkdir",        "make a directory")                   \
	X(STEP_SYMLINK,     "symlink",      "make a symbolic link")               \
	X(STEP_FILE,        "file",         "lay a file over the jail's")         \
	X(STEP_NODE,        "node",         "make a device node")                 \
	X(STEP_SYSCTL,      "sysctl",       "set a kernel parameter")             \
	X(STEP_MASK,        "mask",         "hide a path")                        \
	X(STEP_READONLY,    "readonly",     "make a path read-only")              \
	X(STEP_PIVOT,       "pivot",        "enter the root directory")           \
	X(STEP_HOSTNAME,    "hostname",     "set the host name")                  \
	X(STEP_DOMAINNAME,  "domainname",   "set the NIS domain name")            \
	X(STEP_ROOT_RO,     "root.ro",      "make the root read-only")            \
	X(STEP_STDIO,       "stdio",        "open the standard streams")          \
	X(STEP_DROP,        "drop",         "give up the jailer's privileges")    \
	X(STEP_ANSWERS,     "answers",      "have calls answered by the jailer")  \
	X(STEP_LOCK,        "lock",         "give up init's privileges")          \
	X(STEP_RLIMIT,      "rlimit",       "set a resource limit")               \
	X(STEP_ATTACH,      "attach",       "attach a client to the jail")        \
	X(STEP_EXEC_LIMIT,  "exec.limit",   "find room for one more command")     \
	X(STEP_EXEC_SPAWN,  "exec.spawn",   "start a process in the jail")        \
	X(STEP_SPAWN,       "spawn",        "start a process")                    \
	X(STEP_SESSION,     "session",      "start a session")                    \
	X(STEP_TERMINAL,    "terminal",     "open a terminal")                    \
	X(STEP_USER,        "user",         "find the user in the jail")          \
	X(STEP_GROUPS,      "groups",       "take the user's groups")             \
	X(STEP_UID,         "uid",          "become the user")                    \
	X(STEP_CAPS,        "caps",         "limit capabilities")                 \
	X(STEP_NO_NEW_PRIVS, "no_new_privs", "forbid new privileges")             \
	X(STEP_SECCOMP,     "seccomp",      "load the system call filter")        \
	X(STEP_WORKDIR,     "workdir",      "enter the working directory")        \
	X(STEP_EXEC,        "exec",         "execute the command")

enum step {
#define X(id, name, words) id,
	STEPS(X)
#undef X
	STEP_COUNT
};

/* The name of a step, as in `error`. */
const char *step_name(enum step step);

/* Prints "NAME TAB WORDS" for each step. */
void steps_print(void);

#endif
