#include "answers.h"
#include "calls.h"
#include "text.h"

#include <string.h>

struct made *made_find(struct answers *a, uint64_t id)
{
	for (int i = 0; i < a->made_count; i++)
		if (id != 0 && a->made[i].id == id)
			return &a->made[i];
	return NULL;
}

void made_add(struct answers *a, const struct made *made)
{
	struct made *same = made_find(a, made->id);

	if (same != NULL)
		*same = *made;	/* the kernel gives numbers again */
	else if (a->made_count < MADE_MAX)
		a->made[a->made_count++] = *made;
}

/* By the number at the start of each line of proc_pid_mountinfo(5); lines may be of any length. */
static void mark_present(const struct answers *a, int fd, bool *present)
{
	char block[4096];
	uint64_t id = 0;
	bool at_number = true;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (at_number && block[i] >= '0' && block[i] <= '9') {
				id = id * 10 + (uint64_t)(block[i] - '0');
				continue;
			}
			for (int m = 0; at_number && m < a->made_count; m++)
				present[m] = present[m] || a->made[m].id == id;
			at_number = block[i] == '\n';
			id = 0;
		}
	}
}

void made_prune(struct answers *a, pid_t pid)
{
	bool present[MADE_MAX] = { false };
	char path[64];
	struct text t;
	int fd, kept = 0;

	text_begin(&t, path, sizeof(path));
	text_put(&t, "/proc/");
	text_put_number(&t, pid);
	text_put(&t, "/mountinfo");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	mark_present(a, fd, present);
	close(fd);
	for (int i = 0; i < a->made_count; i++)
		if (present[i])
			a->made[kept++] = a->made[i];
	a->made_count = kept;
}
