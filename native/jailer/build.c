#include "build.h"
#include "calls.h"
#include "label.h"
#include "mounts.h"
#include "shelf.h"
#include "target.h"

#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

_Noreturn void build_fail(int channel, enum step step, const char *subject)
{
	struct note note = { .type = NOTE_FAILED, .step = step, .number = errno };
	struct order order;
	int none = 0;

	note_subject(&note, subject);
	channel_send(channel, &note, sizeof(note), NULL, 0);
	/* The jailer kills who has failed, or is gone. Till it hears of it, jaild may be at work on the namespaces. */
	while (channel_receive(channel, &order, sizeof(order), NULL, &none, NULL, 0) > 0)
		;
	_exit(1);
}

void build_prepare(const struct plan *plan, int channel)
{
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		build_fail(channel, STEP_BECOME, "0:0");
	/* Now, not at clone: the jail's cgroup becomes the namespace's root. */
	if ((plan->namespaces & CLONE_NEWCGROUP) != 0 && unshare(CLONE_NEWCGROUP) < 0)
		build_fail(channel, STEP_CGROUPNS, "");
	if (sys_mount(NULL, "/", MS_REC | MS_PRIVATE) < 0)
		build_fail(channel, STEP_PRIVATE, "/");
	umask(0);
}

/* The next copy from the jailer; -1: it could not be made, and need not. */
static int next_tree(struct builder *b)
{
	if (b->batch_at == b->batch.number) {
		b->tree_count = TREES_MAX;
		b->batch_at = b->tree_at = 0;
		if (channel_receive(b->channel, &b->batch, sizeof(b->batch), b->trees,
				    &b->tree_count, NULL, 0) != 1 ||
		    b->batch.type != ORDER_TREES)
			_exit(1);	/* the jailer is gone, or has told why itself */
	}
	if (!b->batch.present[b->batch_at++])
		return -1;
	return b->tree_at < b->tree_count ? b->trees[b->tree_at++] : -1;
}

static int make_directory(struct builder *b, struct item *item)
{
	const char *target = item->target;
	int base = mount_base(b, &target);
	int fd = target_directory(base, target, (mode_t)item->number);

	if (fd < 0)
		return -1;
	close(fd);
	return 0;
}

/* True where this plan itself has mounted an empty file system: nothing there is the jail's own. */
static bool is_ours(const struct builder *b, int dir)
{
	uint64_t id = target_mount_id(dir);

	for (const struct item *i = b->plan->furnish.first; id != 0 && i != NULL; i = i->next)
		if (i->kind == ITEM_MOUNT && i->type != MOUNT_BIND && i->mount_id == id)
			return true;
	return false;
}

static bool links_to(int dir, const char *name, const char *text)
{
	char present[4096];
	ssize_t n = readlinkat(dir, name, present, sizeof(present));

	return n >= 0 && (size_t)n == strlen(text) && memcmp(present, text, (size_t)n) == 0;
}

static int make_symlink(struct builder *b, struct item *item)
{
	const char *name, *target = item->target;
	int base = mount_base(b, &target);
	int dir = target_parent(base, target, &name);
	int result, error;
	struct stat st;

	if (dir < 0)
		return -1;
	result = symlinkat(item->source, dir, name);
	if (result < 0 && errno == EEXIST) {
		if (links_to(dir, name, item->source))
			result = 0;
		else if (is_ours(b, dir) && fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			 S_ISLNK(st.st_mode) && unlinkat(dir, name, 0) == 0)
			result = symlinkat(item->source, dir, name);
		else
			errno = EEXIST;
	}
	error = errno;
	close(dir);
	errno = error;
	return result;
}

static void furnish(struct builder *b)
{
	for (struct item *i = b->plan->furnish.first; i != NULL; i = i->next) {
		switch (i->kind) {
		case ITEM_MOUNT: {
			bool given = i->type == MOUNT_BIND || i->type == MOUNT_NODES;
			int tree = given ? next_tree(b) : -1;

			if (given && tree < 0)
				break;
			if (mount_item(b, i, tree) < 0 && !i->options.optional)
				build_fail(b->channel, STEP_MOUNT, i->target);
			break;
		}
		case ITEM_MKDIR:
			if (make_directory(b, i) < 0)
				build_fail(b->channel, STEP_MKDIR, i->target);
			break;
		case ITEM_FILE:
		case ITEM_NODE:
			if (shelf_bind(b, i) < 0 && !i->options.optional)
				build_fail(b->channel, i->kind == ITEM_FILE ? STEP_FILE : STEP_NODE,
					   i->target);
			break;
		default:
			if (make_symlink(b, i) < 0)
				build_fail(b->channel, STEP_SYMLINK, i->target);
		}
	}
}

static void cover(struct builder *b)
{
	for (struct item *i = b->plan->cover.first; i != NULL; i = i->next) {
		bool mask = i->kind == ITEM_MASK;

		if ((mask ? mount_mask(b, i->target) : mount_readonly(b, i)) < 0)
			build_fail(b->channel, mask ? STEP_MASK : STEP_READONLY, i->target);
	}
}

/* "net.ipv4.ip_forward" or "net/ipv4/conf/eth0.1/forwarding", opened below `proc`. */
static int open_sysctl(int proc, const char *name)
{
	char path[256] = "sys/";
	bool dots = strchr(name, '/') == NULL;
	size_t n = strlen(name);

	if (n + 5 > sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (size_t i = 0; i <= n; i++)
		path[4 + i] = dots && name[i] == '.' ? '/' : name[i];
	return sys_openat2(proc, path, O_WRONLY,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

/*
 * In what this plan has mounted, or through another procfs where that has it not, is limited to processes or read-only:
 * what else may be called /proc in the jail can be a trap. To be closed: `*other`.
 */
static int find_sysctl(const struct builder *b, const char *name, int *other)
{
	for (const struct item *i = b->plan->furnish.first; i != NULL; i = i->next) {
		int fd = i->held && i->type == MOUNT_PROC ? open_sysctl(i->mount, name) : -1;

		if (fd >= 0)
			return fd;
	}
	if (*other < 0)
		*other = mount_detached("proc", NULL, 0, 0);
	return *other < 0 ? -1 : open_sysctl(*other, name);
}

static void set_sysctls(struct builder *b)
{
	int other = -1;

	for (struct item *i = b->plan->sysctls.first; i != NULL; i = i->next) {
		int fd = find_sysctl(b, i->target, &other);
		size_t n = strlen(i->source);
		struct statfs fs;

		if (fd < 0 || fstatfs(fd, &fs) < 0)
			build_fail(b->channel, STEP_SYSCTL, i->target);
		errno = EIO;
		if (fs.f_type != PROC_SUPER_MAGIC || write(fd, i->source, n) != (ssize_t)n)
			build_fail(b->channel, STEP_SYSCTL, i->target);
		close(fd);
	}
	if (other >= 0)
		close(other);
}

/* pivot_root(2) describes this way: the old root ends up below the new one and is let go. */
static void enter_root(struct builder *b)
{
	char cwd[16];
	int above;

	if (fchdir(b->root) < 0 || sys_pivot_root(".", ".") < 0 ||
	    sys_umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		build_fail(b->channel, STEP_PIVOT, b->plan->root);
	/*
	 * A directory outside the root is shown as "(unreachable)/…"; a mount that is left over the
	 * root would be entered by "..".
	 */
	above = open("..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (getcwd(cwd, sizeof(cwd)) == NULL || cwd[0] != '/' ||
	    target_mount_id(above) != target_mount_id(b->root)) {
		errno = EXDEV;
		build_fail(b->channel, STEP_PIVOT, b->plan->root);
	}
	close(above);
}

static void set_names(struct builder *b)
{
	const struct plan *p = b->plan;

	if (p->hostname != NULL && sethostname(p->hostname, strlen(p->hostname)) < 0)
		build_fail(b->channel, STEP_HOSTNAME, p->hostname);
	if (p->domainname != NULL && setdomainname(p->domainname, strlen(p->domainname)) < 0)
		build_fail(b->channel, STEP_DOMAINNAME, p->domainname);
}

int build_inside(struct plan *plan, int channel, const struct order *first, const int *fds,
		 int count)
{
	struct builder b = { .plan = plan, .channel = channel, .files = -1, .nodes = -1,
			     .batch = *first, .tree_count = count };
	struct mount_attr readonly = { .attr_set = MOUNT_ATTR_RDONLY };
	const char *refused;
	int top, nodes = -1, queues = -1;

	if (label_commands(plan, &refused) < 0)
		build_fail(channel, STEP_LABEL, refused);
	memcpy(b.trees, fds, sizeof(int) * (size_t)count);
	if (shelf_is_needed(plan))
		nodes = next_tree(&b);
	b.root = next_tree(&b);
	/*
	 * Over "/", which every host has. The host's /proc stays in this mount namespace until
	 * pivot_root: the kernel lets a user namespace mount procfs only while one is in view.
	 */
	top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		build_fail(channel, STEP_ROOT, plan->root);
	shelf_attach(&b, nodes);
	if (sys_move_mount(b.root, top) < 0)
		build_fail(channel, STEP_ROOT, plan->root);
	furnish(&b);
	set_sysctls(&b);
	cover(&b);
	mount_let_go(&b);
	/* The message queues of the IPC namespace are files as well, below no root: mq_open(3) has no path. */
	if (plan->landlock_files)
		queues = shelf_lay("mqueue");
	enter_root(&b);
	set_names(&b);
	if (plan->root_readonly && sys_mount_setattr(b.root, 0, &readonly) < 0)
		build_fail(channel, STEP_ROOT_RO, plan->root);
	return queues;
}
