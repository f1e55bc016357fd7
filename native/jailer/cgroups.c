#include "cgroups.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int control_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;
	int error;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	error = errno;
	close(fd);
	errno = error;
	return n == (ssize_t)strlen(text) ? 0 : -1;
}

const char *cgroups_join(const struct plan *plan, bool joined)
{
	static const char self[] = "0";
	char path[4096];

	for (const struct item *i = plan->cgroups.first; i != NULL; i = i->next)
		if (control_write(i->target, self) < 0)
			return i->target;
	if (plan->cgroup == NULL || joined)
		return NULL;
	errno = ENAMETOOLONG;
	if (text_join(path, sizeof(path), plan->cgroup, "/cgroup.procs", "") == NULL ||
	    control_write(path, self) < 0)
		return plan->cgroup;
	return NULL;
}
