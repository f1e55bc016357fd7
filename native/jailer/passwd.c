#include "passwd.h"
#include "jailfile.h"
#include "text.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define ID_MAX (UINT32_MAX - 1)		/* (uid_t)-1 means "leave it" to the kernel */

/* A whole file, and the line that is being read. */
struct table {
	char *bytes;
	char *at;
};

static int table_open(struct table *t, const char *path)
{
	t->bytes = t->at = jail_file_read(path);
	return t->bytes == NULL ? -1 : 0;
}

static void table_close(struct table *t)
{
	jail_file_free(t->bytes);
}

/* Cuts the next line at its colons into `want` fields. Returns false at the end. */
static bool table_next(struct table *t, char **fields, size_t want)
{
	while (*t->at != '\0') {
		char *line = t->at;
		char *end = strchrnul(line, '\n');
		size_t n = 0;

		t->at = *end == '\0' ? end : end + 1;
		*end = '\0';
		while (n < want) {
			fields[n++] = line;
			line = strchr(line, ':');
			if (line == NULL)
				break;
			*line++ = '\0';
		}
		if (n == want && fields[0][0] != '\0')
			return true;
	}
	return false;
}

static bool id_parse(const char *s, uint32_t *id)
{
	uint64_t n;

	if (!text_to_number(s, 10, ID_MAX, &n))
		return false;
	*id = (uint32_t)n;
	return true;
}

static bool copy(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		return false;
	memcpy(to, from, n + 1);
	return true;
}

/* `name` or, where it is NULL, `uid`. Returns 1 when found. */
static int find_in_passwd(const char *name, uid_t uid, struct user *user)
{
	enum { NAME, PASSWORD, UID, GID, GECOS, HOME, SHELL, FIELDS };
	char *f[FIELDS];
	struct table t;
	int found = 0;

	if (table_open(&t, "/etc/passwd") < 0)
		return -1;
	while (!found && table_next(&t, f, FIELDS)) {
		uint32_t file_uid, file_gid;

		if (!id_parse(f[UID], &file_uid) || !id_parse(f[GID], &file_gid))
			continue;
		if (name != NULL ? strcmp(name, f[NAME]) != 0 : file_uid != uid)
			continue;
		if (!copy(user->name, sizeof(user->name), f[NAME]) ||
		    !copy(user->home, sizeof(user->home), f[HOME]) ||
		    !copy(user->shell, sizeof(user->shell), f[SHELL]))
			continue;
		user->uid = file_uid;
		user->gid = file_gid;
		found = 1;
	}
	table_close(&t);
	return found;
}

static bool list_has(char *list, const char *name)
{
	while (list != NULL) {
		char *comma = strchr(list, ',');

		if (comma != NULL)
			*comma++ = '\0';
		if (strcmp(list, name) == 0)
			return true;
		list = comma;
	}
	return false;
}

/* The groups that name the user as a member, behind his own. */
static int find_groups(struct user *user)
{
	enum { NAME, PASSWORD, GID, MEMBERS, FIELDS };
	char *f[FIELDS];
	struct table t;

	user->groups[0] = user->gid;
	user->group_count = 1;
	if (user->name[0] == '\0')
		return 0;
	if (table_open(&t, "/etc/group") < 0)
		return -1;
	while (table_next(&t, f, FIELDS)) {
		uint32_t gid;

		if (!id_parse(f[GID], &gid) || gid == user->gid ||
		    !list_has(f[MEMBERS], user->name))
			continue;
		if (user->group_count == GROUPS_MAX) {
			table_close(&t);
			errno = E2BIG;
			return -1;
		}
		user->groups[user->group_count++] = gid;
	}
	table_close(&t);
	return 0;
}

/* "UID" or "UID:GID". `both` is set for the second. */
static bool parse_ids(const char *text, struct user *user, bool *both)
{
	char uid[16];
	size_t n = strcspn(text, ":");

	if (n >= sizeof(uid))
		return false;
	memcpy(uid, text, n);
	uid[n] = '\0';
	*both = text[n] == ':';
	if (!id_parse(uid, &user->uid))
		return false;
	user->gid = user->uid;
	return !*both || id_parse(text + n + 1, &user->gid);
}

int user_find(const char *text, bool details, struct user *user)
{
	bool both = false;
	int found = 0;

	memset(user, 0, offsetof(struct user, groups));
	if (!parse_ids(text, user, &both)) {
		found = find_in_passwd(text, 0, user);
		if (found == 0)
			errno = ENOENT;
		return found == 1 ? find_groups(user) : -1;
	}
	if (!both || details) {
		gid_t gid = user->gid;

		found = find_in_passwd(NULL, user->uid, user);
		/* A jail must not keep its administrator out by what it lays there. */
		if (found < 0 && user->uid == 0)
			found = 0;
		if (both)
			user->gid = gid;
	}
	if (both) {	/* exactly these two, whatever the files say */
		user->groups[0] = user->gid;
		user->group_count = 1;
	}
	return found < 0 ? -1 : both ? 0 : find_groups(user);
}
