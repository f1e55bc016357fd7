#include "request.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Arguments, or variables: the second list is copied to the stack. */
#define STRINGS_MAX 4096

static bool read_yes_no(struct fields *f, bool *value)
{
	const char *s = fields_next(f);

	if (s == NULL)
		return false;
	*value = strcmp(s, "yes") == 0;
	return *value || strcmp(s, "no") == 0;
}

/* A count, and as many strings. `list` has room for them and a NULL. */
static bool read_list(struct fields *f, size_t max, char **list, size_t *count)
{
	const char *s = fields_next(f);
	uint64_t n;

	if (s == NULL || !text_to_number(s, 10, max, &n))
		return false;
	*count = (size_t)n;
	for (size_t i = 0; i < n; i++)
		if ((list[i] = fields_next(f)) == NULL)
			return false;
	list[n] = NULL;
	return true;
}

bool request_parse(struct request *r, struct fields *f)
{
	const size_t most = STRINGS_MAX;

	*r = (struct request){ .size = 2 * (most + 1) * sizeof(char *) };
	r->argv = mmap(NULL, r->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r->argv == MAP_FAILED)
		return false;
	r->env = r->argv + most + 1;
	if ((r->user = fields_next(f)) != NULL && (r->workdir = fields_next(f)) != NULL &&
	    read_yes_no(f, &r->terminal) && read_yes_no(f, &r->login) &&
	    read_list(f, most, r->argv, &r->argc) && r->argc > 0 && r->argv[0][0] != '\0' &&
	    read_list(f, most, r->env, &r->env_count) && f->at == f->end)
		return true;
	request_free(r);
	return false;
}

void request_free(struct request *r)
{
	munmap(r->argv, r->size);
}

int request_pack(const struct fields *f)
{
	int fd = memfd_create("exec", MFD_CLOEXEC);
	const char *at = f->at;
	int error;

	while (fd >= 0 && at < f->end) {
		ssize_t n = write(fd, at, (size_t)(f->end - at));

		if (n < 0) {
			error = errno;
			close(fd);
			errno = error;
			return -1;
		}
		at += n;
	}
	return fd;
}

int request_unpack(int fd, struct fields *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	f->at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (f->at == MAP_FAILED)
		return -1;
	f->end = f->at + st.st_size;
	return 0;
}
