#include "jailfile.h"
#include "calls.h"

#include <errno.h>
#include <sys/stat.h>

#define FILE_MAX (1U << 20)

static int fill(char *bytes, int fd)
{
	struct stat st;
	size_t have = 0;

	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)FILE_MAX) {
		errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
		return -1;
	}
	while (have < FILE_MAX) {
		ssize_t n = read(fd, bytes + have, FILE_MAX - have);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return 0;
}

char *jail_file_read(const char *path)
{
	/* O_NONBLOCK: a fifo in its place must not hold us up. */
	int fd = sys_openat2(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
			     RESOLVE_NO_MAGICLINKS);
	int error = fd < 0 && errno != ENOENT && errno != ENOTDIR ? errno : 0;
	char *bytes;

	bytes = mmap(NULL, FILE_MAX + 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return NULL;
	if (fd >= 0) {
		error = fill(bytes, fd) < 0 ? errno : 0;
		close(fd);
	}
	if (error == 0)
		return bytes;
	jail_file_free(bytes);
	errno = error;
	return NULL;
}

void jail_file_free(char *bytes)
{
	munmap(bytes, FILE_MAX + 1);
}
