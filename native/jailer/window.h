/*
 * A window into a network namespace that nobody is in any more: jaild fetches the socket with
 * pidfd_getfd(2), for its own threads can't enter a namespace.
 */
#ifndef JAILER_WINDOW_H
#define JAILER_WINDOW_H

enum { WINDOW = 10, WINDOW_SECONDS = 30 };

/*
 * Opens a NETLINK_ROUTE socket in the network namespace that `file` names, as descriptor WINDOW,
 * and holds it until the caller ends this process. Returns an errno when it can't.
 */
int window_hold(const char *file);

#endif
