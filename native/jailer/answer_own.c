/* Of what a jail has mounted itself: remounting it, and umount2(2). */
#include "answer_tmpfs.h"
#include "calls.h"
#include "inside.h"
#include "mounts.h"
#include "wish.h"

#include <errno.h>
#include <string.h>

#ifndef MNT_FORCE
#define MNT_FORCE 1
#endif
#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 8
#endif
#define UMOUNT_FLAGS (MNT_FORCE | MNT_DETACH | UMOUNT_NOFOLLOW)

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

int answer_remount(const struct caller *c, struct wish *w)
{
	const uint64_t changeable = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC;
	uint64_t set = wish_attributes(w);
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
	return mount_attributes(place.fd, set, changeable & ~set);
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
