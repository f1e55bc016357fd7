/* sethostname(2), setdomainname(2), uname(2). */
#include "caller.h"
#include "calls.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/personality.h>

#define NAME_BYTES 65

/* struct new_utsname of the kernel: what uname(2) fills, whatever the C library makes of it. */
struct names {
	char system[NAME_BYTES];
	char node[NAME_BYTES];
	char release[NAME_BYTES];
	char version[NAME_BYTES];
	char machine[NAME_BYTES];
	char domain[NAME_BYTES];
};

static int join_names(const struct caller *c)
{
	int fd = openat(c->process, "ns/uts", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : setns(fd, CLONE_NEWUTS);
}

/* Which uname(2) minds: a 32-bit personality has a machine of its own. */
static void take_personality(const struct caller *c)
{
	char digits[16] = "";
	int fd = openat(c->process, "personality", O_RDONLY | O_CLOEXEC);
	uint64_t persona;

	if (fd < 0)
		return;
	if (read(fd, digits, sizeof(digits) - 1) > 0) {
		digits[strcspn(digits, "\n")] = '\0';
		if (text_to_number(digits, 16, UINT32_MAX, &persona))
			personality((unsigned long)persona);
	}
	close(fd);
}

void answer_name(const struct caller *c, enum call call, struct answer *a)
{
	uint64_t address = c->notice->data.args[0], size = (uint32_t)c->notice->data.args[1];
	char name[NAME_BYTES];

	/* In a namespace of its own it may be allowed to, or not. */
	if (caller_has_own(c, "ns/user") || caller_has_own(c, "ns/uts")) {
		a->pass = true;
		return;
	}
	if (!caller_is_root(c))
		a->error = EPERM;
	else if (size >= NAME_BYTES)
		a->error = EINVAL;
	else if ((size > 0 && caller_read(c, address, name, size) < 0) || join_names(c) < 0 ||
		 (call == CALL_SETHOSTNAME ? sethostname(name, size) : setdomainname(name, size)) < 0)
		a->error = errno;
}

void answer_uname(const struct caller *c, struct answer *a)
{
	const char *release = c->jailer->plan.answer_release;
	size_t n = strnlen(release, NAME_BYTES - 1);
	struct names names;

	take_personality(c);
	if (join_names(c) < 0 || syscall(SYS_uname, &names) < 0) {
		a->error = errno;
		return;
	}
	memset(names.release, 0, NAME_BYTES);
	memcpy(names.release, release, n);
	if (!caller_waits(c))
		a->error = ESRCH;
	else if (caller_write(c, c->notice->data.args[0], &names, sizeof(names)) < 0)
		a->error = errno;
}
