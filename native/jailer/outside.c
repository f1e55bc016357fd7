#include "outside.h"
#include "calls.h"
#include "target.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

/* An O_PATH descriptor of `n` bytes of `path`, in which "//" may stand. */
static int open_part(const char *path, size_t n)
{
	char part[PATH_MAX];
	char *rest;
	int top, fd, error;

	if (n >= sizeof(part)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(part, path, n);
	part[n] = '\0';
	rest = strstr(part, "//");
	if (rest == NULL)
		return open(n > 0 ? part : "/", O_PATH | O_CLOEXEC);
	*rest = '\0';
	top = open(part, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return -1;
	fd = target_open(top, rest + 2, O_PATH);
	error = errno;
	close(top);
	errno = error;
	return fd;
}

int tree_of(int fd, unsigned int flags)
{
	int tree = fd < 0 ? -1 : sys_open_tree(fd, "", flags | AT_EMPTY_PATH);
	int error = errno;

	if (fd >= 0)
		close(fd);
	errno = error;
	return tree;
}

int outside_tree(const char *path, unsigned int flags)
{
	if (strstr(path, "//") == NULL)
		return sys_open_tree(AT_FDCWD, path, flags);
	return tree_of(open_part(path, strlen(path)), flags);
}

int outside_directory(const char *path, const char **last)
{
	const char *slash = strrchr(path, '/');

	*last = path;
	if (strstr(path, "//") == NULL)
		return AT_FDCWD;
	*last = slash + 1;
	return open_part(path, (size_t)(slash - path) + 1);
}
