/* What ps(1) shows of a process. */
#ifndef JAILER_TITLE_H
#define JAILER_TITLE_H

/* Remembers where the arguments are: once, before the first title_set(). */
void title_remember(int argc, char **argv);

/* Puts `name`, cut to what fits, over the arguments: they name a directory of the host. */
void title_set(const char *name);

#endif
