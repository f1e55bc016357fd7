/* Files that whoever is root in the jail has written. */
#ifndef JAILER_JAILFILE_H
#define JAILER_JAILFILE_H

/*
 * The whole file as a string; a missing one is empty. NULL with errno: EINVAL for what is no regular
 * file, EFBIG for one over 1 MiB.
 */
char *jail_file_read(const char *path);
void jail_file_free(char *bytes);

#endif
