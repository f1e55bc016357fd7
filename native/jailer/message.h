/* Messages on the jailer's socket: a u32 byte count, then fields that end in a NUL. */
#ifndef JAILER_MESSAGE_H
#define JAILER_MESSAGE_H

#include "plan.h"

#include <stdint.h>

#define MESSAGE_MAX (1U << 20)
#define MESSAGE_FDS 3

/* The most of what a check prints that is passed on, in bytes. */
#define OUTPUT_CUT 4096

/* A message on its way out. What does not fit is cut: only a subject or an output can be that long. */
struct frame {
	size_t used;
	char bytes[OUTPUT_CUT + 512];
};

void frame_begin(struct frame *f, const char *type);
void frame_add(struct frame *f, const char *field);
void frame_add_number(struct frame *f, int64_t n);

/* Never waits for the reader. `right`: a descriptor to send along, or -1. 0, or -1 with errno. */
int frame_send(int fd, struct frame *f, int right);

/* A message on its way in. Zeroed is ready. */
struct inbox {
	uint32_t have;		/* bytes, the count's four included */
	uint32_t size;
	char count[4];
	char *bytes;		/* mapped for one message at a time: an idle jailer keeps none */
	int fds[MESSAGE_FDS];
	int fd_count;
};

/*
 * Reads what is there. 1: a message is complete, in `fields`, until inbox_clear(); 0: not yet;
 * -1: the connection is over, or breaks the rules.
 */
int inbox_read(struct inbox *in, int fd, struct fields *fields);

/* Forgets the message and closes its descriptors. */
void inbox_clear(struct inbox *in);

#endif
