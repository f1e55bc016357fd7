#include "target.h"
#include "calls.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PART_MAX 256
#define STATX_MNT_ID_BIT 0x1000U
#define WITHIN (RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)

int target_open(int root, const char *path, int flags)
{
	int fd;

	/* EAGAIN: something was renamed meanwhile, so that the kernel could not be sure. */
	for (int tries = 0; tries < 32; tries++) {
		fd = sys_openat2(root, path[0] == '\0' ? "." : path, (uint64_t)flags, WITHIN);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	return fd;
}

/* Copies the next part of `path`; returns what follows it, or NULL with errno. */
static const char *take_part(const char *path, char *part)
{
	size_t n = strcspn(path, "/");

	if (n == 0 || n >= PART_MAX) {
		errno = n == 0 ? EINVAL : ENAMETOOLONG;
		return NULL;
	}
	memcpy(part, path, n);
	part[n] = '\0';
	return path + n + strspn(path + n, "/");
}

/* Opens the directory `name` in `dir`, or makes it. */
static int enter_directory(int dir, const char *name, mode_t mode)
{
	int fd = target_open(dir, name, O_PATH | O_DIRECTORY);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(dir, name, mode) < 0 && errno != EEXIST)
		return -1;
	return target_open(dir, name, O_PATH | O_DIRECTORY);
}

int target_parent(int root, const char *path, const char **last)
{
	int dir = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char part[PART_MAX];

	for (;;) {
		const char *rest = take_part(path, part);
		int next;

		if (dir < 0 || rest == NULL || *rest == '\0') {
			*last = path;
			if (rest != NULL || dir < 0)
				return dir;
			break;
		}
		next = enter_directory(dir, part, 0755);
		close(dir);
		dir = next;
		path = rest;
	}
	close(dir);
	return -1;
}

int target_directory(int root, const char *path, mode_t mode)
{
	int fd = target_open(root, path, O_PATH | O_DIRECTORY);
	const char *last;
	int dir, error;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	dir = target_parent(root, path, &last);
	if (dir < 0)
		return -1;
	fd = enter_directory(dir, last, mode);
	error = errno;
	close(dir);
	errno = error;
	return fd;
}

int target_file(int root, const char *path, int flags)
{
	int fd = target_open(root, path, flags);
	const char *last;
	int dir, made;

	if (fd >= 0 || errno != ENOENT)
		return fd;
	dir = target_parent(root, path, &last);
	if (dir < 0)
		return -1;
	made = openat(dir, last, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0644);
	if (made >= 0)
		close(made);
	close(dir);
	if (made < 0 && errno != EEXIST)
		return -1;
	return target_open(root, path, flags);
}

uint64_t target_mount_id(int fd)
{
	/* struct statx of statx(2): libraries have it without the field, or not at all. */
	struct {
		uint32_t mask;
		uint32_t before[35];
		uint64_t mount_id;
		uint64_t after[13];
	} st = { .mask = 0 };

	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID_BIT, &st) < 0 ||
	    (st.mask & STATX_MNT_ID_BIT) == 0)
		return 0;
	return st.mount_id;
}
