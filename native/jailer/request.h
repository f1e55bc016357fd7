/* What somebody outside asks to be run in the jail: the exec fields of a message. */
#ifndef JAILER_REQUEST_H
#define JAILER_REQUEST_H

#include "plan.h"

/* Points into the message, but for the two arrays. */
struct request {
	const char *user;	/* empty: the plan's */
	const char *workdir;	/* empty: the plan's */
	bool terminal;
	bool login;
	char **argv;
	size_t argc;
	char **env;
	size_t env_count;
	size_t size;		/* of the arrays, in bytes */
};

bool request_parse(struct request *r, struct fields *f);
void request_free(struct request *r);

/* A file in memory with the fields as they are, close-on-exec; or -1 with errno. */
int request_pack(const struct fields *f);

/* The fields that request_pack() has put into `fd`. 0, or -1 with errno. */
int request_unpack(int fd, struct fields *f);

#endif
