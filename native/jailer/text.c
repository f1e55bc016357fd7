#include "text.h"

#include <string.h>

void text_begin(struct text *t, char *buffer, size_t size)
{
	*t = (struct text){ .start = buffer, .size = size };
	buffer[0] = '\0';
}

void text_put(struct text *t, const char *s)
{
	size_t n = strlen(s);

	if (n >= t->size - t->used) {
		t->full = true;
		return;
	}
	memcpy(t->start + t->used, s, n + 1);
	t->used += n;
}

void text_put_padded(struct text *t, int64_t n, int width)
{
	char digits[24];
	char *at = digits + sizeof(digits);
	uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;

	*--at = '\0';
	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0 || digits + sizeof(digits) - 1 - at < width);
	if (n < 0)
		*--at = '-';
	text_put(t, at);
}

void text_put_number(struct text *t, int64_t n)
{
	text_put_padded(t, n, 1);
}

char *text_join(char *buffer, size_t size, const char *a, const char *b, const char *c)
{
	struct text t;

	text_begin(&t, buffer, size);
	text_put(&t, a);
	text_put(&t, b);
	text_put(&t, c);
	return t.full ? NULL : buffer;
}

bool text_to_number(const char *s, unsigned int base, uint64_t max, uint64_t *n)
{
	uint64_t sum = 0;

	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++) {
		unsigned int digit;

		if (*s >= '0' && *s <= '9')
			digit = (unsigned int)(*s - '0');
		else if (*s >= 'a' && *s <= 'f')
			digit = (unsigned int)(*s - 'a') + 10;
		else if (*s >= 'A' && *s <= 'F')
			digit = (unsigned int)(*s - 'A') + 10;
		else
			return false;
		if (digit >= base || sum > (max - digit) / base)
			return false;
		sum = sum * base + digit;
	}
	*n = sum;
	return true;
}
