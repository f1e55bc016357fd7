/* Pseudo-terminals of the jail's own devpts. */
#ifndef JAILER_TERMINAL_H
#define JAILER_TERMINAL_H

#include <stdbool.h>

/* Opens a pair below the caller's own /dev. Returns 0, or -1 with errno. */
int terminal_open(int *master, int *slave);

/* Is it what programs open as /dev/ptmx? */
bool is_terminal_master(int fd);

#endif
