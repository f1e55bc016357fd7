/* How much a jail may print in a time; what is over that is left out, and counted. */
#ifndef JAILER_LOG_RATE_H
#define JAILER_LOG_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_loss {
	uint64_t lines, bytes;
};

struct log_rate {
	uint64_t amount;	/* in one time; 0: whatever there is */
	bool of_bytes;		/* or of lines, each piece of a long one counted */
	int64_t span;		/* ns */
	int64_t end;		/* of the time under way, ns of the monotonic clock; 0: none */
	uint64_t used;
	struct log_loss left_out;	/* in the time under way */
	struct {
		size_t length;	/* of the piece under way */
		bool inside;	/* it is not the first of its line */
		bool out;	/* it is left out */
	} lines[2];
};

/* How many of `n` bytes that stream `s` has printed, from the first on, are all taken or all left out. */
size_t log_rate_judge(struct log_rate *r, int s, const char *bytes, size_t n, bool *taken);

/* Whether the time under way is over at `now`: then, or with `now` INT64_MAX, the next one may begin. */
bool log_rate_over(struct log_rate *r, int64_t now, struct log_loss *left_out);

#endif
