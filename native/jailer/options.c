#include "calls.h"
#include "plan.h"

#include <string.h>

/* Options that are flags of the mount, not words for the file system. */
static const struct {
	const char *name;
	uint64_t attribute;
} attributes[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "noatime", MOUNT_ATTR_NOATIME },
};

static bool take_attribute(struct mount_options *o, const char *word)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(attributes[0]); i++) {
		if (strcmp(word, attributes[i].name) == 0) {
			o->attributes |= attributes[i].attribute;
			return true;
		}
	}
	return false;
}

static bool take_word(struct mount_options *o, const char *word, bool bind)
{
	bool *flag = strcmp(word, "create") == 0	 ? &o->create :
		     strcmp(word, "optional") == 0	 ? &o->optional :
		     bind && strcmp(word, "rec") == 0	 ? &o->recursive :
		     bind && strcmp(word, "idmap") == 0 ? &o->idmap :
							   NULL;

	if (flag == NULL)
		return take_attribute(o, word);
	*flag = true;
	return true;
}

bool options_parse(struct mount_options *o, char *text, bool bind)
{
	char *kept = text;

	*o = (struct mount_options){ .rest = text };
	while (text != NULL && *text != '\0') {
		char *comma = strchr(text, ',');
		size_t n = comma != NULL ? (size_t)(comma - text) : strlen(text);
		char *next = comma != NULL ? comma + 1 : NULL;

		bool taken;

		text[n] = '\0';
		taken = n > 0 && take_word(o, text, bind);
		if (n == 0 || (bind && !taken))
			return false;
		if (!taken) {
			/* Moves left over words already taken: never past what is unread. */
			memmove(kept, text, n + 1);
			kept += n + 1;
			o->rest_count++;
		}
		text = next;
	}
	return true;
}
