#include "jailfile.h"
#include "probe.h"

#include <string.h>
#include <strings.h>

#define BLANKS " \t\r"

static bool names(char *rest, const char *name)
{
	char *at;

	for (char *word = strtok_r(rest, BLANKS, &at); word != NULL; word = strtok_r(NULL, BLANKS, &at))
		if (strcasecmp(word, name) == 0)
			return true;
	return false;
}

/* hosts(5): an address, and its names. */
static const char *address_of(char *line, const char *name)
{
	char *rest;

	line[strcspn(line, "#")] = '\0';
	line += strspn(line, BLANKS);
	rest = line + strcspn(line, BLANKS);
	if (*rest == '\0' || rest - line >= ADDRESS_MAX)
		return NULL;
	*rest++ = '\0';
	return names(rest, name) ? line : NULL;
}

int hosts_find(const char *name, char (*addresses)[ADDRESS_MAX], int max)
{
	char *bytes = jail_file_read("/etc/hosts"), *next = bytes;
	int count = 0;

	if (bytes == NULL)
		return -1;
	while (next != NULL && count < max) {
		char *line = strsep(&next, "\n");
		const char *address = address_of(line, name);

		if (address != NULL)
			strcpy(addresses[count++], address);
	}
	jail_file_free(bytes);
	/* RFC 6761: it is there in a jail without that file as well. */
	if (count == 0 && max >= 2 && strcasecmp(name, "localhost") == 0) {
		strcpy(addresses[count++], "127.0.0.1");
		strcpy(addresses[count++], "::1");
	}
	return count;
}
