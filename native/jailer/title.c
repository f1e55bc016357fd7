#include "title.h"

#include <string.h>

static char *start;
static size_t size;

void title_remember(int argc, char **argv)
{
	char *last = argc > 0 ? argv[argc - 1] : NULL;

	if (last == NULL)
		return;
	start = argv[0];
	size = (size_t)(last + strlen(last) + 1 - start);
}

void title_set(const char *name)
{
	size_t n = strnlen(name, size > 0 ? size - 1 : 0);

	if (size == 0)
		return;
	memset(start, 0, size);
	memcpy(start, name, n);
}
