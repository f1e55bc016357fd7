#include "label.h"
#include "calls.h"
#include "text.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

/* A label that nobody takes must not look like one that was taken: both file and file system count. */
static int write_attribute(const char *name, const char *prefix, const char *label)
{
	char text[4096];
	size_t n = strlen(prefix) + strlen(label);
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	struct statfs fs;
	int error = 0;

	if (fd < 0)
		return -1;
	errno = ENAMETOOLONG;
	if (text_join(text, sizeof(text), prefix, label, "") == NULL || fstatfs(fd, &fs) < 0)
		error = errno;
	else if (fs.f_type != PROC_SUPER_MAGIC)
		error = ENOTTY;
	else if (write(fd, text, n) != (ssize_t)n)
		error = errno;
	close(fd);
	errno = error;
	return error ? -1 : 0;
}

static int enter_profile(const char *profile)
{
	/* Before Linux 5.8 there is one directory for all modules. */
	if (write_attribute("/proc/self/attr/apparmor/exec", "exec ", profile) == 0)
		return 0;
	return errno == ENOENT && access("/proc/self/attr/apparmor", F_OK) < 0 ?
		       write_attribute("/proc/self/attr/exec", "exec ", profile) :
		       -1;
}

int label_commands(const struct plan *plan, const char **refused)
{
	*refused = plan->apparmor;
	if (plan->apparmor != NULL && enter_profile(plan->apparmor) < 0)
		return -1;
	*refused = plan->selinux;
	if (plan->selinux != NULL && write_attribute("/proc/self/attr/exec", "", plan->selinux) < 0)
		return -1;
	return 0;
}
