#include "inside.h"
#include "calls.h"
#include "caps.h"
#include "target.h"
#include "text.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>

/* The host's /proc/self/fd: the jail's /proc, if it has one, does not know this process. */
static int own_descriptors = -1;

int inside_open(const struct caller *c, const char *path)
{
	char root[64];
	struct text t;
	int top, fd;

	text_begin(&t, root, sizeof(root));
	text_put(&t, "/proc/");
	text_put_number(&t, c->jailer->init);
	text_put(&t, "/root");
	top = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -1;
	fd = target_open(top, path + strspn(path, "/"), O_PATH | O_DIRECTORY);
	close(top);
	return fd;
}

/* The jail's root, whose rights are those of its plan and that of mounting. */
static int become_root(const struct plan *p)
{
	if ((p->namespaces & CLONE_NEWUSER) != 0 &&
	    (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0))
		return -1;
	return caps_set(p->caps | 1ULL << CAP_SYS_ADMIN);
}

int inside_enter(const struct caller *c)
{
	const struct plan *p = &c->jailer->plan;
	int root = openat(c->process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int cwd = openat(c->process, "cwd", O_PATH | O_DIRECTORY | O_CLOEXEC);

	own_descriptors = open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || cwd < 0 || own_descriptors < 0)
		return -1;
	if (setns(c->jailer->pidfd, (int)(p->namespaces & (CLONE_NEWUSER | CLONE_NEWNS))) < 0 ||
	    fchdir(root) < 0 || chroot(".") < 0 || fchdir(cwd) < 0)
		return -1;
	close(root);
	close(cwd);
	return become_root(p);
}

int inside_find(const char *path, bool follow, struct place *place)
{
	*place = (struct place){ .parent = -1 };
	place->fd = sys_openat2(AT_FDCWD, path, O_PATH | (follow ? 0 : O_NOFOLLOW),
				RESOLVE_NO_MAGICLINKS);
	if (place->fd < 0)
		return -1;
	place->mount = target_mount_id(place->fd);
	return 0;
}

/* Its path as seen here, without links. */
static int name_place(struct place *place)
{
	char number[16];
	struct text t;
	ssize_t n;

	text_begin(&t, number, sizeof(number));
	text_put_number(&t, place->fd);
	n = readlinkat(own_descriptors, number, place->path, sizeof(place->path));
	if (n < 0)
		return -1;
	errno = EINVAL;
	if (n < 2 || n >= (ssize_t)sizeof(place->path) || place->path[0] != '/')
		return -1;
	place->path[n] = '\0';
	place->name = strrchr(place->path, '/');
	*place->name++ = '\0';
	return 0;
}

int inside_find_parent(struct place *place)
{
	int fd;
	bool same;

	if (name_place(place) < 0)
		return -1;
	place->parent = sys_openat2(AT_FDCWD, place->path[0] != '\0' ? place->path : "/",
				    O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
	if (place->parent < 0)
		return -1;
	/* Whoever renames meanwhile must not make another one of it. */
	fd = openat(place->parent, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	same = fd >= 0 && target_mount_id(fd) == place->mount &&
	       target_mount_id(place->parent) != place->mount;
	if (fd >= 0)
		close(fd);
	errno = EINVAL;
	return same ? 0 : -1;
}
