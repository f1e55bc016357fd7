/* Text without stdio: numbers in and out, and strings put one after another. */
#ifndef JAILER_TEXT_H
#define JAILER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A buffer that is filled from the left; `full` once something did not fit. */
struct text {
	char *start;
	size_t size;
	size_t used;
	bool full;
};

void text_begin(struct text *t, char *buffer, size_t size);
void text_put(struct text *t, const char *s);
void text_put_number(struct text *t, int64_t n);
/* Zero-padded to `width` digits. */
void text_put_padded(struct text *t, int64_t n, int width);

/* Puts up to three strings into `buffer`. Returns it, or NULL when they do not fit. */
char *text_join(char *buffer, size_t size, const char *a, const char *b, const char *c);

/* Digits only, no sign, at most `max`. */
bool text_to_number(const char *s, unsigned int base, uint64_t max, uint64_t *n);

#endif
