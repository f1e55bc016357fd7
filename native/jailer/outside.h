/*
 * Paths of the host. Where jaild knows that a jail may have laid links, the path has a double
 * slash: what is behind it is resolved from what is before it without following any.
 */
#ifndef JAILER_OUTSIDE_H
#define JAILER_OUTSIDE_H

/* A copy of what is there, or -1 with errno (ELOOP for a link behind the double slash). */
int outside_tree(const char *path, unsigned int flags);

/* The same of what `fd` is, which is closed; -1 with errno stays that. */
int tree_of(int fd, unsigned int flags);

/*
 * Where the last part of `path` is found: a descriptor to be closed, or AT_FDCWD, with which
 * `last` is the whole path; -1 with errno. A link in the last part is not looked at.
 */
int outside_directory(const char *path, const char **last);

#endif
