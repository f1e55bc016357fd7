/* Checks that need no program of the jail's: a connection, or an answer over HTTP. */
#ifndef JAILER_PROBE_H
#define JAILER_PROBE_H

#include "channel.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct probe {
	const char *host;	/* an address, or a name of the jail's /etc/hosts */
	uint16_t port;
	const char *path;	/* NULL: a connection is enough */
};

/* HOST PORT, and PATH for HTTP. False for what can't be asked for. */
bool probe_parse(struct probe *probe, struct fields *f, enum check_kind kind);

/*
 * Does it, as whoever calls, and prints lines on stdout of which the last tells how far it came: killed
 * half-way, it has said what it was waiting for. `probe`: a struct probe. Returns the exit code, 0 when all is well.
 */
int probe_run(void *probe);

/* hosts.c: whose addresses `name` has, at most `max`, as text in their order. Returns how many; -1 with errno. */
#define ADDRESS_MAX 46
int hosts_find(const char *name, char (*addresses)[ADDRESS_MAX], int max);

#endif
