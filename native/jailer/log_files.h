/*
 * The files of a log: PATH, which is being written, and those put aside, PATH.1 PATH.2 … or, compressed, PATH.1.gz
 * PATH.2.gz …. The jailer alone gives them names.
 */
#ifndef JAILER_LOG_FILES_H
#define JAILER_LOG_FILES_H

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

/* The longest that is put behind PATH. */
#define LOG_SUFFIX ".4294967295.gz"

/* Where the file `path` is found, as outside_directory() has it; log_leave() closes it and keeps errno. */
int log_directory(const char *path, const char **name);
void log_leave(int directory);

/*
 * PATH is put aside, and with it each one before as far as needed; the oldest goes when there were `files`, PATH counted.
 * 0, or -1 with errno: PATH is still there.
 */
int log_shift(const char *path, unsigned int files);

/*
 * What an end at the wrong moment has left: the file of which there is a compressed one as well; and all that is beyond
 * `files`, which there were more of once.
 */
void log_tidy(const char *path, unsigned int files);

/*
 * `file`, in the same directory, takes the place of the one put aside that has this inode. It must be another regular
 * file of the same owner, mode and time of its last change. 0, or -1 with errno.
 */
int log_put_back(const char *path, unsigned int files, ino_t inode, const char *file);

/* When the first line was written of the file `fd`, which is not empty: its stamp, or else the birth of the file. */
time_t log_first_line(int fd);

#endif
