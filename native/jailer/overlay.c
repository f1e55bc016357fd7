#include "overlay.h"
#include "calls.h"
#include "caps.h"
#include "mounts.h"
#include "outside.h"
#include "text.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define BIT(cap) (1ULL << (cap))
#define WITHIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV)

/*
 * What the kernel does in the layers on behalf of the jail, it does with these. Without
 * sys_resource, which would pass over quotas and what a disk keeps for root.
 */
static const uint64_t overlay_caps =
	BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) |
	BIT(CAP_FSETID) | BIT(CAP_MKNOD) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN);

struct overlay {
	const struct plan *plan;
	int lower[LAYERS_MAX];	/* copies of the directories, the topmost first */
	int count;
	int top;		/* the mount that `upper` and `work` are on: the kernel wants one */
	int upper;
	int work;
};

static int fail(struct fault *fault, enum step step, const char *subject)
{
	*fault = (struct fault){ .step = step, .subject = subject, .error = errno };
	return -1;
}

static void let_go(int fd)
{
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
}

/* A copy of a directory without what is mounted below, as overlayfs takes it, for users of `userns`. */
static int copy_directory(const char *path, int userns, const char *subject, struct fault *fault)
{
	struct mount_attr attr = { .propagation = MS_PRIVATE };
	int tree = outside_tree(path, OPEN_TREE_CLONE);
	struct stat st;

	if (tree < 0 || fstat(tree, &st) < 0)
		return fail(fault, STEP_ROOT, subject);
	if (!S_ISDIR(st.st_mode)) {
		close(tree);
		errno = ENOTDIR;
		return fail(fault, STEP_ROOT, subject);
	}
	if (userns >= 0) {
		attr.attr_set = MOUNT_ATTR_IDMAP;
		attr.userns_fd = (uint64_t)userns;
	}
	if (sys_mount_setattr(tree, 0, &attr) == 0)
		return tree;
	fail(fault, STEP_IDMAP, subject);
	close(tree);
	return -1;
}

static int add_lower(struct overlay *o, const char *path, int userns, struct fault *fault)
{
	int tree = copy_directory(path, userns, path, fault);

	if (tree < 0)
		return -1;
	o->lower[o->count++] = tree;
	return 0;
}

static int copy_lower(struct overlay *o, int userns, struct fault *fault)
{
	const struct plan *p = o->plan;

	if (p->ephemeral && add_lower(o, p->root, userns, fault) < 0)
		return -1;
	for (const struct item *i = p->layers.first; i != NULL; i = i->next)
		if (add_lower(o, i->source, userns, fault) < 0)
			return -1;
	return 0;
}

/* A memory file system of the jail's host users, which needs no mapping; it looks like what it covers. */
static int make_upper(struct overlay *o, struct fault *fault)
{
	const struct mount_options *options = &o->plan->ephemeral_options;
	struct stat st;

	o->top = mount_detached("tmpfs", options->rest, options->rest_count,
				MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (o->top < 0 || mkdirat(o->top, "upper", 0700) < 0 || mkdirat(o->top, "work", 0700) < 0)
		return fail(fault, STEP_OVERLAY, "tmpfs");
	o->upper = openat(o->top, "upper", O_PATH | O_DIRECTORY | O_CLOEXEC);
	o->work = openat(o->top, "work", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (o->upper < 0 || o->work < 0 || fstat(o->lower[0], &st) < 0 ||
	    fchownat(o->upper, "", st.st_uid, st.st_gid, AT_EMPTY_PATH) < 0 ||
	    fchmodat(o->top, "upper", st.st_mode & 07777, 0) < 0)
		return fail(fault, STEP_OVERLAY, "tmpfs");
	return 0;
}

/* The directory above `path`, and what follows it. False where there is none. */
static bool split(const char *path, char *parent, size_t size, const char **name)
{
	size_t n = strlen(path);

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n == 0 || path[n] == '\0' || n >= size)
		return false;
	memcpy(parent, path, n);
	parent[n] = '\0';
	*name = path + n;
	return true;
}

/* Is it what the path leads to, too? A mount or a link at its end would be passed over. */
static bool is_the_same(int fd, const char *path)
{
	struct stat own, there;

	return fstat(fd, &own) == 0 && stat(path, &there) == 0 && own.st_dev == there.st_dev &&
	       own.st_ino == there.st_ino;
}

/* The root and the work directory beside it, through one copy of the directory that they lie in. */
static int open_upper(struct overlay *o, int userns, struct fault *fault)
{
	const char *root = o->plan->root, *work = o->plan->work, *name;
	char parent[4096];
	size_t n;

	errno = EINVAL;
	if (!split(root, parent, sizeof(parent), &name))
		return fail(fault, STEP_ROOT, root);
	n = strlen(parent);
	if (strncmp(work, parent, n) != 0)
		return fail(fault, STEP_OVERLAY, work);
	o->top = copy_directory(parent, userns, root, fault);
	if (o->top < 0)
		return -1;
	o->upper = sys_openat2(o->top, name, O_PATH | O_DIRECTORY, WITHIN);
	if (o->upper < 0)
		return fail(fault, STEP_ROOT, root);
	errno = EXDEV;
	if (!is_the_same(o->upper, root))
		return fail(fault, STEP_ROOT, root);
	o->work = sys_openat2(o->top, work + n, O_PATH | O_DIRECTORY, WITHIN);
	return o->work < 0 ? fail(fault, STEP_OVERLAY, work) : 0;
}

/* Linux 6.15 and later take directories that are attached nowhere. */
static int name_by_descriptor(int fs, const struct overlay *o)
{
	for (int i = 0; i < o->count; i++)
		if (sys_fsconfig_fd(fs, "lowerdir+", o->lower[i]) < 0)
			return -1;
	return sys_fsconfig_fd(fs, "upperdir", o->upper) < 0 ||
			       sys_fsconfig_fd(fs, "workdir", o->work) < 0 ?
		       -1 :
		       0;
}

static void put_descriptor(struct text *t, int fd)
{
	text_put(t, "/proc/self/fd/");
	text_put_number(t, fd);
}

static int name_by_path(int fs, const struct overlay *o)
{
	char lower[LAYERS_MAX * 32], upper[32], work[32];
	struct text l, u, w;

	text_begin(&l, lower, sizeof(lower));
	for (int i = 0; i < o->count; i++) {
		if (i > 0)
			text_put(&l, ":");
		put_descriptor(&l, o->lower[i]);
	}
	text_begin(&u, upper, sizeof(upper));
	put_descriptor(&u, o->upper);
	text_begin(&w, work, sizeof(work));
	put_descriptor(&w, o->work);
	return sys_fsconfig(fs, FSCONFIG_SET_STRING, "lowerdir", lower) < 0 ||
			       sys_fsconfig(fs, FSCONFIG_SET_STRING, "upperdir", upper) < 0 ||
			       sys_fsconfig(fs, FSCONFIG_SET_STRING, "workdir", work) < 0 ?
		       -1 :
		       0;
}

/*
 * Whoever made a layer may have left attributes in it by which the kernel would show a file under
 * another's name or with another's contents: none of that is followed, and none is made.
 */
static int merge(const struct overlay *o, int (*name)(int, const struct overlay *))
{
	char words[] = "redirect_dir=nofollow\0metacopy=off\0index=off\0nfs_export=off";
	char *word = words;
	int fs = sys_fsopen("overlay");
	int result = fs;

	if (result >= 0)
		sys_fsconfig(fs, FSCONFIG_SET_STRING, "source", "overlay");
	for (int i = 0; result >= 0 && i < 4; i++, word += strlen(word) + 1)
		result = mount_configure(fs, word);
	if (result >= 0)
		result = name(fs, o);
	if (result >= 0)
		result = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL);
	if (result >= 0)
		result = sys_fsmount(fs, (unsigned int)o->plan->root_options.attributes);
	let_go(fs);
	return result;
}

/* Attaches a copy where only this process sees it, on top of those before it. */
static int attach(int tree)
{
	int place = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int result = place < 0 ? -1 : sys_move_mount(tree, place);

	let_go(place);
	return result;
}

static int attach_all(const struct overlay *o)
{
	if (unshare(CLONE_NEWNS) < 0 || sys_mount(NULL, "/", MS_REC | MS_PRIVATE) < 0)
		return -1;
	for (int i = 0; i < o->count; i++)
		if (attach(o->lower[i]) < 0)
			return -1;
	return attach(o->top);
}

/*
 * What the kernel makes in the work directory belongs to whoever mounts: that must be a user whom
 * the mapping knows, here the directory's own.
 */
static int become_owner(const struct overlay *o)
{
	struct stat st;

	if (fstat(o->work, &st) < 0)
		return -1;
	setfsgid(st.st_gid);
	setfsuid(st.st_uid);
	return caps_set(overlay_caps);
}

/* In a process of its own, for the file system keeps its rights. It leaves the result as `work`. */
_Noreturn static void assemble(struct overlay *o)
{
	int merged;

	if (become_owner(o) < 0)
		_exit(errno);
	merged = merge(o, name_by_descriptor);
	if (merged < 0 && attach_all(o) == 0)
		merged = merge(o, name_by_path);
	if (merged < 0 || dup3(merged, o->work, O_CLOEXEC) < 0)
		_exit(errno);
	close(merged);
	_exit(0);
}

/* Returns 0 when `work` has become the root, or -1 with errno. */
static int assemble_apart(struct overlay *o)
{
	struct spawn_args args = { .flags = CLONE_FILES };
	pid_t pid = sys_clone3(&args);
	int status;

	if (pid == 0)
		assemble(o);
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, __WALL) < 0)
		if (errno != EINTR)
			return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	return errno == 0 ? 0 : -1;
}

int overlay_make(const struct plan *plan, int userns, struct fault *fault)
{
	struct overlay o = { .plan = plan, .top = -1, .upper = -1, .work = -1 };
	int map = plan->root_options.idmap ? userns : -1;
	int result = copy_lower(&o, map, fault);

	if (result == 0)
		result = plan->ephemeral ? make_upper(&o, fault) : open_upper(&o, map, fault);
	if (result == 0 && assemble_apart(&o) < 0)
		result = fail(fault, STEP_OVERLAY, plan->root);
	for (int i = 0; i < o.count; i++)
		let_go(o.lower[i]);
	let_go(o.upper);
	let_go(o.top);
	if (result == 0)
		return o.work;
	let_go(o.work);
	return -1;
}
