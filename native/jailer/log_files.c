#include "log_files.h"
#include "calls.h"
#include "outside.h"
#include "stamp.h"

#include <errno.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>		/* renameat(2) */
#include <string.h>

/* <sys/stat.h> and <linux/stat.h> exclude each other in some C libraries: here is what is needed of the former. */
#define IS_FILE(mode) (((mode) & S_IFMT) == S_IFREG)

#define WANTED (STATX_BASIC_STATS | STATX_BTIME)
/* What is lost of a time on its way through a double, in ns. */
#define TIME_SLACK 10000

int log_directory(const char *path, const char **name)
{
	return outside_directory(path, name);
}

/* Not kept open: while the jail runs nothing of the host is within its jailer's reach. */
void log_leave(int directory)
{
	int error = errno;

	if (directory >= 0)
		close(directory);
	errno = error;
}

static bool look(int directory, const char *name, struct statx *found)
{
	return syscall(SYS_statx, directory, name, AT_SYMLINK_NOFOLLOW, WANTED, found) == 0;
}

/* NAME for 0, NAME.N for N, and `end`. Lengths were checked by log_open(). */
static void put_name(char *to, const char *name, unsigned int n, const char *end)
{
	char digits[16];
	size_t at = sizeof(digits);

	to = stpcpy(to, name);
	if (n > 0) {
		digits[--at] = '\0';
		for (; n > 0; n /= 10)
			digits[--at] = (char)('0' + n % 10);
		*to++ = '.';
		to = stpcpy(to, digits + at);
	}
	strcpy(to, end);
}

static const char *const ends[] = { "", ".gz" };

static bool is_free(int directory, const char *name, unsigned int n)
{
	char path[PATH_MAX];
	struct statx found;

	for (int i = 0; i < 2; i++) {
		put_name(path, name, n, ends[i]);
		if (look(directory, path, &found) || errno != ENOENT)
			return false;
	}
	return true;
}

/* Removes a file put aside, in whatever form. Whether there was one; errno is of what failed, or 0. */
static bool remove_aside(int directory, const char *name, unsigned int n)
{
	char path[PATH_MAX];
	bool removed = false;
	int error = 0;

	for (int i = 0; i < 2; i++) {
		put_name(path, name, n, ends[i]);
		if (unlinkat(directory, path, 0) == 0)
			removed = true;
		else if (errno != ENOENT)
			error = errno;
	}
	errno = error;
	return removed;
}

static int move_aside(int directory, const char *name, unsigned int n)
{
	char from[PATH_MAX], to[PATH_MAX];

	for (int i = 0; i < (n == 0 ? 1 : 2); i++) {
		put_name(from, name, n, ends[i]);
		put_name(to, name, n + 1, ends[i]);
		if (renameat(directory, from, directory, to) < 0 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* Only up to the first name that is free: with thousands of files most have the name already that they need. */
static int shift(int directory, const char *name, unsigned int files)
{
	unsigned int n = 1;

	if (files <= 1)
		return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? -1 : 0;
	while (n < files && !is_free(directory, name, n))
		n++;
	if (n == files) {
		remove_aside(directory, name, --n);
		if (errno != 0)
			return -1;
	}
	while (n-- > 0)
		if (move_aside(directory, name, n) < 0)
			return -1;
	return 0;
}

int log_shift(const char *path, unsigned int files)
{
	const char *name;
	int directory = log_directory(path, &name);
	int result = directory == -1 ? -1 : shift(directory, name, files);

	log_leave(directory);
	return result;
}

void log_tidy(const char *path, unsigned int files)
{
	const char *name;
	int directory = log_directory(path, &name);
	unsigned int n;

	if (directory == -1)
		return;
	for (n = files > 0 ? files : 1; remove_aside(directory, name, n); n++)
		;
	for (n = 1; n < files && !is_free(directory, name, n); n++) {
		char plain[PATH_MAX], compressed[PATH_MAX];
		struct statx found;

		put_name(plain, name, n, ends[0]);
		put_name(compressed, name, n, ends[1]);
		if (look(directory, compressed, &found) && IS_FILE(found.stx_mode))
			unlinkat(directory, plain, 0);
	}
	log_leave(directory);
}

static bool is_same_time(const struct statx_timestamp *a, const struct statx_timestamp *b)
{
	int64_t apart = (a->tv_sec - b->tv_sec) * 1000000000 + (int64_t)a->tv_nsec - b->tv_nsec;

	return apart > -TIME_SLACK && apart < TIME_SLACK;
}

/* Whoever wrote it sets owner, mode and time when all of it is there. */
static bool stands_for(const struct statx *file, const struct statx *old)
{
	return IS_FILE(file->stx_mode) && file->stx_nlink == 1 && file->stx_size > 0 &&
	       file->stx_mode == old->stx_mode && file->stx_uid == old->stx_uid &&
	       file->stx_gid == old->stx_gid && file->stx_dev_major == old->stx_dev_major &&
	       file->stx_dev_minor == old->stx_dev_minor && file->stx_ino != old->stx_ino &&
	       is_same_time(&file->stx_mtime, &old->stx_mtime);
}

static int put_back(int directory, const char *name, unsigned int files, ino_t inode, const char *file)
{
	char plain[PATH_MAX], compressed[PATH_MAX];
	struct statx old, new;
	unsigned int n = 0;

	do {
		if (++n >= files || is_free(directory, name, n)) {
			errno = ENOENT;
			return -1;
		}
		put_name(plain, name, n, ends[0]);
	} while (!look(directory, plain, &old) || old.stx_ino != inode);
	if (!look(directory, file, &new))
		return -1;
	if (!IS_FILE(old.stx_mode) || !stands_for(&new, &old)) {
		errno = EINVAL;
		return -1;
	}
	put_name(compressed, name, n, ends[1]);
	if (renameat(directory, file, directory, compressed) < 0)
		return -1;
	return unlinkat(directory, plain, 0);
}

int log_put_back(const char *path, unsigned int files, ino_t inode, const char *file)
{
	char beside[PATH_MAX];
	const char *name;
	size_t before;
	int directory, result = -1;

	/* ".NAME.gz", and nothing that leads elsewhere. */
	if (file[0] != '.' || file[1] == '.' || file[1] == '\0' || strchr(file, '/') != NULL) {
		errno = EINVAL;
		return -1;
	}
	directory = log_directory(path, &name);
	if (directory == -1)
		return -1;
	/* With AT_FDCWD `name` is the whole path, and so must the other be. */
	before = directory == AT_FDCWD ? (size_t)(strrchr(name, '/') + 1 - name) : 0;
	errno = ENAMETOOLONG;
	if (before + strlen(file) < sizeof(beside)) {
		memcpy(beside, name, before);
		strcpy(beside + before, file);
		result = put_back(directory, name, files, inode, beside);
	}
	log_leave(directory);
	return result;
}

time_t log_first_line(int fd)
{
	char stamp[STAMP_SECONDS];
	struct statx found;
	time_t second;

	if (pread(fd, stamp, sizeof(stamp), 0) == (ssize_t)sizeof(stamp) && stamp_read(stamp, &second))
		return second;
	if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, WANTED, &found) < 0)
		return 0;
	return (found.stx_mask & STATX_BTIME) != 0 ? found.stx_btime.tv_sec : found.stx_mtime.tv_sec;
}
