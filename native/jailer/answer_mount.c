/*
 * mount(2) and umount2(2) for root in a jail: the plan says of what, and the jail can change and
 * take away only what it has mounted itself.
 */
#include "answer_tmpfs.h"
#include "calls.h"
#include "copier.h"
#include "inside.h"
#include "mounts.h"
#include "target.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define TYPE_BYTES 64
#define UMOUNT_FLAGS (MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW)
/* mount(2): the mark of programs from before Linux 2.4. */
#define IS_MARKED(flags) (((flags) & 0xffff0000UL) == 0xc0ed0000UL)

#ifndef MNT_FORCE
#define MNT_FORCE 1
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif

/* The arguments, copied once: the caller may change them meanwhile. */
struct wish {
	uint64_t flags;
	char source[PATH_BYTES];
	char target[PATH_BYTES];
	char type[TYPE_BYTES];
	char data[PATH_BYTES];
};

static int read_optional(const struct caller *c, uint64_t address, char *text, size_t size)
{
	text[0] = '\0';
	return address == 0 || caller_text(c, address, text, size) >= 0 ? 0 : -1;
}

static int read_wish(const struct caller *c, struct wish *w)
{
	const uint64_t *args = (const uint64_t *)c->notice->data.args;

	w->flags = IS_MARKED(args[3]) ? args[3] & 0xffff : (uint32_t)args[3];
	if (caller_text(c, args[1], w->target, sizeof(w->target)) < 0)
		return -1;
	if ((w->flags & MS_BIND) != 0)
		return read_optional(c, args[0], w->source, sizeof(w->source));
	return read_optional(c, args[0], w->source, sizeof(w->source)) < 0 ||
	       read_optional(c, args[2], w->type, sizeof(w->type)) < 0 ||
	       read_optional(c, args[4], w->data, sizeof(w->data)) < 0 ? -1 : 0;
}

static const struct item *find_item(const struct plan *p, const struct wish *w)
{
	const char *type = (w->flags & MS_BIND) != 0 ? "bind" : w->type;

	for (const struct item *i = p->answer_mounts.first; i != NULL; i = i->next)
		if (strcmp(i->target, type) == 0)
			return i;
	return NULL;
}

static uint64_t attributes_of(const struct wish *w)
{
	return ((w->flags & MS_RDONLY) != 0 ? MOUNT_ATTR_RDONLY : 0) |
	       ((w->flags & MS_NOEXEC) != 0 ? MOUNT_ATTR_NOEXEC : 0) |
	       ((w->flags & MS_NOATIME) != 0 ? MOUNT_ATTR_NOATIME : 0);
}

static int set_attributes(int mount, uint64_t set, uint64_t clear)
{
	struct mount_attr attr = { .attr_set = set, .attr_clr = clear };

	if ((set & MOUNT_ATTR_NOATIME) != 0)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	return sys_mount_setattr(mount, 0, &attr);
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

/* The jail's own root is not to be covered, nor what says which processes there are and what is masked. */
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

/* The mount, attached nowhere yet. `tree`: the directory of the jail that the type stands for, or -1. */
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
	if (mount < 0 || set_attributes(mount, made->kept | attributes_of(w), 0) < 0)
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

/* What of the jail's own is mounted at `path`: it and its place, or NULL with errno. */
static struct made *find_own(const struct caller *c, const char *path, bool follow,
			     struct place *place)
{
	struct made *made;

	if (inside_enter(c) < 0 || inside_find(path, follow, place) < 0 ||
	    inside_find_parent(place) < 0)
		return NULL;
	made = made_find(&c->jailer->answers, place->mount);
	errno = EPERM;
	return made;
}

static const struct mount_options *tmpfs_limits(const struct plan *p)
{
	for (const struct item *i = p->answer_mounts.first; i != NULL; i = i->next)
		if (i->source[0] != '/' && i->type == MOUNT_TMPFS)
			return &i->options;
	return NULL;
}

static int change_tmpfs(const struct caller *c, struct wish *w, int mount)
{
	const struct mount_options *limits = tmpfs_limits(&c->jailer->plan);
	char words[PATH_BYTES], *word = words;
	int count = limits == NULL ? -1 : tmpfs_words(limits, w->data, true, words, sizeof(words));
	int fs;

	errno = EINVAL;
	if (count <= 0)
		return count;
	fs = sys_fspick(mount);
	if (fs < 0)
		return -1;
	for (int i = 0; i < count; i++) {
		if (mount_configure(fs, word) < 0)
			return -1;
		word += strlen(word) + 1;
	}
	return sys_fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL);
}

static int remount(const struct caller *c, struct wish *w)
{
	const uint64_t changeable = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	uint64_t set = attributes_of(w);
	struct place place;
	const struct made *made = find_own(c, w->target, true, &place);

	if (made == NULL)
		return -1;
	errno = EPERM;
	if ((made->kept & MOUNT_ATTR_RDONLY & ~set) != 0)
		return -1;
	set |= made->kept & changeable;
	if (made->fresh && (w->flags & MS_BIND) == 0 && change_tmpfs(c, w, place.fd) < 0)
		return -1;
	return set_attributes(place.fd, set, changeable & ~set);
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
	if (!caller_is_root(c) || read_wish(c, &wish) < 0)
		result = -1;
	else if ((wish.flags & MS_REMOUNT) != 0)
		result = remount(c, &wish);
	else if ((wish.flags & refused) != 0)
		result = -1;
	else
		result = mount_new(c, &wish, &a->made);
	if (result < 0) {
		a->error = errno;
		a->made.id = 0;
	}
}

/*
 * By its name in its directory, which nobody can rename while something is mounted there: a
 * descriptor of the mount itself would keep it in use.
 */
static int unmount(const struct caller *c, const struct made *made, struct place *place,
		   uint64_t flags)
{
	close(place->fd);
	if (fchdir(place->parent) < 0)
		return -1;
	if (!caller_waits(c)) {
		errno = ESRCH;
		return -1;
	}
	/* What came with it cannot go before it. */
	if (made->deep)
		flags |= MNT_DETACH;
	return sys_umount2(place->name, (int)flags | UMOUNT_NOFOLLOW);
}

void answer_umount(const struct caller *c, struct answer *a)
{
	uint64_t flags = (uint32_t)c->notice->data.args[1];
	static char path[PATH_BYTES];
	struct place place;
	const struct made *made;

	if (caller_has_own(c, "ns/user") || caller_has_own(c, "ns/mnt")) {
		a->pass = true;
		return;
	}
	errno = EPERM;
	if (!caller_is_root(c))
		goto failed;
	errno = EINVAL;
	if ((flags & ~(uint64_t)UMOUNT_FLAGS) != 0 ||
	    caller_text(c, c->notice->data.args[0], path, sizeof(path)) < 0)
		goto failed;
	made = find_own(c, path, (flags & UMOUNT_NOFOLLOW) == 0, &place);
	if (made == NULL || unmount(c, made, &place, flags & MNT_DETACH) < 0)
		goto failed;
	a->unmounted = true;
	return;
failed:
	a->error = errno;
}
