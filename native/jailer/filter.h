/* The system call filter: a BPF program that somebody else has compiled. */
#ifndef JAILER_FILTER_H
#define JAILER_FILTER_H

/* Maps the file, so that all jails with the same policy share its pages. 0, or -1 with errno. */
int filter_read(const char *path);

/* Loads what filter_read() has read; without one it does nothing. 0, or -1 with errno. */
int filter_load(void);

#endif
