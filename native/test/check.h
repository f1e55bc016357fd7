/* Assertions that end the test program with a word about where. */
#ifndef TEST_CHECK_H
#define TEST_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define check(condition)                                                                     \
	do {                                                                                 \
		if (!(condition)) {                                                          \
			fprintf(stderr, "%s:%d: %s: failed (%s)\n", __FILE__, __LINE__,      \
				#condition, strerror(errno));                                \
			abort();                                                             \
		}                                                                            \
	} while (0)

#define check_text(actual, expected)                                                         \
	do {                                                                                 \
		const char *a_ = (actual), *e_ = (expected);                                 \
		if (strcmp(a_, e_) != 0) {                                                   \
			fprintf(stderr, "%s:%d: got \"%s\", expected \"%s\"\n", __FILE__,    \
				__LINE__, a_, e_);                                           \
			abort();                                                             \
		}                                                                            \
	} while (0)

#endif
