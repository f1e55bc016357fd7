#include "answer_tmpfs.h"
#include "text.h"

#include <string.h>

#define PAGE 4096

enum word { WORD_UNKNOWN, WORD_SILENT, WORD_SIZE, WORD_BLOCKS, WORD_INODES, WORD_FIRST };

/* tmpfs(5); what is of the first mount only means nothing later. */
static const struct {
	const char *name;
	enum word word;
} known[] = {
	{ "size", WORD_SIZE },	   { "nr_blocks", WORD_BLOCKS }, { "nr_inodes", WORD_INODES },
	{ "mode", WORD_FIRST },	   { "uid", WORD_FIRST },	 { "gid", WORD_FIRST },
	{ "", WORD_SILENT },	   { "defaults", WORD_SILENT },	 { "rw", WORD_SILENT },
	{ "ro", WORD_SILENT },	   { "inode64", WORD_SILENT },	 { "inode32", WORD_SILENT },
	{ "seclabel", WORD_SILENT }, { "none", WORD_SILENT },
};

static enum word word_of(const char *text)
{
	size_t n = strcspn(text, "=");

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strlen(known[i].name) == n && memcmp(known[i].name, text, n) == 0)
			return known[i].word;
	return WORD_UNKNOWN;
}

/* "64m" of something; more than any limit for what is no such number ("50%" of the host's memory). */
static uint64_t number_of(const char *text, uint64_t unit)
{
	static const char units[] = "kmgt";
	char digits[24];
	size_t n = strspn(text, "0123456789");
	const char *at = text[n] != '\0' ? strchr(units, text[n] | 0x20) : NULL;
	uint64_t number;

	if (n >= sizeof(digits) || (text[n] != '\0' && (at == NULL || text[n + 1] != '\0')))
		return UINT64_MAX;
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (at != NULL)
		unit <<= 10 * (at - units + 1);
	/* 0 is no limit at all. */
	if (!text_to_number(digits, 10, UINT64_MAX / unit, &number) || number == 0)
		return UINT64_MAX;
	return number * unit;
}

static const char *value_of(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals != NULL ? equals + 1 : "";
}

/* What `limits` has for `wanted`, WORD_SIZE or WORD_INODES. */
static uint64_t limit_of(const struct mount_options *limits, enum word wanted)
{
	const char *word = limits->rest;

	for (unsigned int i = 0; i < limits->rest_count; i++) {
		if (word_of(word) == wanted)
			return number_of(value_of(word), 1);
		word += strlen(word) + 1;
	}
	return UINT64_MAX;
}

struct words {
	char *at;
	size_t room;
	int count;
};

static bool put(struct words *w, const char *text)
{
	size_t n = strlen(text) + 1;

	if (n > w->room)
		return false;
	memcpy(w->at, text, n);
	w->at += n;
	w->room -= n;
	w->count++;
	return true;
}

/* `wanted`, 0 for nothing said, as far as `limit` goes. */
static bool put_number(struct words *w, const char *name, uint64_t wanted, uint64_t limit,
		       bool changing)
{
	char text[32];
	struct text t;

	if (wanted == 0 && changing)
		return true;
	if (wanted == 0 || wanted > limit)
		wanted = limit;
	if (wanted > INT64_MAX)
		return true;
	text_begin(&t, text, sizeof(text));
	text_put(&t, name);
	text_put_number(&t, (int64_t)wanted);
	return put(w, text);
}

int tmpfs_words(const struct mount_options *limits, char *data, bool changing, char *words,
		size_t size)
{
	struct words w = { .at = words, .room = size };
	uint64_t bytes = 0, inodes = 0;
	char *next;

	for (char *text = data; text != NULL; text = next) {
		enum word word;

		next = strchr(text, ',');
		if (next != NULL)
			*next++ = '\0';
		word = word_of(text);
		if (word == WORD_SIZE || word == WORD_BLOCKS)
			bytes = number_of(value_of(text), word == WORD_SIZE ? 1 : PAGE);
		else if (word == WORD_INODES)
			inodes = number_of(value_of(text), 1);
		else if (word == WORD_UNKNOWN)
			return -1;
		else if (word == WORD_FIRST && !changing && !put(&w, text))
			return -1;
	}
	if (!put_number(&w, "size=", bytes, limit_of(limits, WORD_SIZE), changing) ||
	    !put_number(&w, "nr_inodes=", inodes, limit_of(limits, WORD_INODES), changing))
		return -1;
	return w.count;
}
