#include "log_rate.h"
#include "log.h"

#include <string.h>

/* A piece is about to begin: is there room for it? Once something of a line is left out, so is the rest. */
static bool has_room(const struct log_rate *r, int s)
{
	return r->used < r->amount && !(r->lines[s].inside && r->lines[s].out);
}

static void begin(struct log_rate *r, int s, bool taken)
{
	if (!taken && !(r->lines[s].inside && r->lines[s].out))
		r->left_out.lines++;
	if (taken && !r->of_bytes)
		r->used++;
	r->lines[s].out = !taken;
}

/* The next piece, or what is there of it: its end is that of the line, or LOG_LINE_MAX bytes without one. */
static size_t take_piece(struct log_rate *r, int s, const char *bytes, size_t n)
{
	size_t space = LOG_LINE_MAX - r->lines[s].length;
	const char *end = memchr(bytes, '\n', n <= space ? n : space + 1);
	size_t length = end != NULL ? (size_t)(end - bytes) + 1 : n > space ? space : n;

	if (end != NULL || n > space) {
		r->lines[s].length = 0;
		r->lines[s].inside = end == NULL;
	} else {
		r->lines[s].length += length;
	}
	return length;
}

size_t log_rate_judge(struct log_rate *r, int s, const char *bytes, size_t n, bool *taken)
{
	size_t done = 0;

	while (done < n) {
		bool begins = r->lines[s].length == 0;
		bool takes = begins ? has_room(r, s) : !r->lines[s].out;
		size_t length;

		if (done > 0 && takes != *taken)
			break;
		*taken = takes;
		if (begins)
			begin(r, s, takes);
		length = take_piece(r, s, bytes + done, n - done);
		done += length;
		if (!takes)
			r->left_out.bytes += length;
		else if (r->of_bytes)
			r->used += length;
	}
	return done;
}

bool log_rate_over(struct log_rate *r, int64_t now, struct log_loss *left_out)
{
	if (r->end == 0 || now < r->end)
		return false;
	*left_out = r->left_out;
	r->left_out = (struct log_loss){ 0, 0 };
	r->used = 0;
	r->end = 0;
	return true;
}
