/* mount(2) for root in a jail, of what the plan says. */
#include "answer_tmpfs.h"
#include "calls.h"
#include "copier.h"
#include "inside.h"
#include "mounts.h"
#include "target.h"
#include "wish.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static const struct item *find_item(const struct plan *p, const struct wish *w)
{
	const char *type = (w->flags & MS_BIND) != 0 ? "bind" : w->type;

	for (const struct item *i = p->answer_mounts.first; i != NULL; i = i->next)
		if (strcmp(i->target, type) == 0)
			return i;
	return NULL;
}

/* What a copy of `source` has from it and may not shed. */
static uint64_t attributes_at(int source)
{
	const uint64_t all = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
			     MOUNT_ATTR_NOEXEC;
	struct statfs fs;

	/* ST_RDONLY and the next three are the same bits. */
	return fstatfs(source, &fs) < 0 ? all : (uint64_t)fs.f_flags & all;
}

/* Not to be covered: the jail's own root, and what tells it of its processes and of the kernel. */
static int check_target(const struct place *target)
{
	struct stat root, st;
	struct statfs fs;

	if (fstatfs(target->fd, &fs) < 0 || fstat(target->fd, &st) < 0 || stat("/", &root) < 0)
		return -1;
	errno = fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ? EPERM : EBUSY;
	return errno == EPERM || (st.st_ino == root.st_ino && st.st_dev == root.st_dev) ? -1 : 0;
}

static int copy_source(int source, int copier, struct made *made)
{
	struct stat st;

	if (source < 0 || fstat(source, &st) < 0)
		return -1;
	made->kept |= attributes_at(source);
	return S_ISDIR(st.st_mode) ? copier_copy(copier, source, &made->deep) :
				     sys_open_tree(source, "", OPEN_TREE_CLONE | AT_EMPTY_PATH);
}

static int make_tmpfs(const struct item *item, struct wish *w, struct made *made)
{
	char words[PATH_BYTES];
	int count = tmpfs_words(&item->options, w->data, false, words, sizeof(words));

	made->fresh = true;
	errno = EINVAL;
	return count < 0 ? -1 : mount_detached("tmpfs", words, (unsigned int)count, 0);
}

/* A mount that is attached nowhere yet. `tree`: the directory that the type stands for, or -1. */
static int make_mount(const struct item *item, struct wish *w, int tree, int copier,
		      struct made *made)
{
	struct place source;

	if (tree >= 0)
		return copy_source(tree, copier, made);
	if (item->type != MOUNT_BIND)
		return make_tmpfs(item, w, made);
	if (inside_find(w->source, true, &source) < 0)
		return -1;
	return copy_source(source.fd, copier, made);
}

static int attach(const struct caller *c, const struct item *item, struct wish *w, int tree,
		  int copier, struct made *made)
{
	struct place target;
	int mount;

	if (inside_find(w->target, true, &target) < 0 || check_target(&target) < 0)
		return -1;
	made->kept = item->options.attributes;
	mount = make_mount(item, w, tree, copier, made);
	if (mount < 0 || mount_attributes(mount, made->kept | wish_attributes(w), 0) < 0)
		return -1;
	if (!caller_waits(c)) {
		errno = ESRCH;
		return -1;
	}
	made->id = target_mount_id(mount);
	return sys_move_mount(mount, target.fd);
}

static int mount_new(const struct caller *c, struct wish *w, struct made *made)
{
	const struct jailer *j = c->jailer;
	const struct item *item = find_item(&j->plan, w);
	bool stands_for, copies;
	int tree = -1, copier = -1;

	errno = EPERM;
	if (item == NULL)
		return -1;
	errno = ENOSPC;
	if (j->answers.made_count == MADE_MAX)
		return -1;
	stands_for = item->source[0] == '/';
	copies = stands_for || item->type == MOUNT_BIND;
	/* Both while this process is still the host's. */
	if ((stands_for && (tree = inside_open(c, item->source)) < 0) ||
	    (copies && (copier = copier_start(j)) < 0) || inside_enter(c) < 0)
		return -1;
	return attach(c, item, w, tree, copier, made);
}

void answer_mount(const struct caller *c, struct answer *a)
{
	const uint64_t refused = MS_MOVE | MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE;
	static struct wish wish;
	int result;

	if (caller_has_own(c, "ns/user") || caller_has_own(c, "ns/mnt")) {
		a->pass = true;
		return;
	}
	errno = EPERM;
	if (!caller_is_root(c) || wish_read(c, &wish) < 0)
		result = -1;
	else if ((wish.flags & MS_REMOUNT) != 0)
		result = answer_remount(c, &wish);
	else if ((wish.flags & refused) != 0)
		result = -1;
	else
		result = mount_new(c, &wish, &a->made);
	if (result < 0) {
		a->error = errno;
		a->made.id = 0;
	}
}
