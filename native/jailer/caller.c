#include "caller.h"
#include "calls.h"
#include "cgroups.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#define PAGE 4096

bool caller_waits(const struct caller *c)
{
	uint64_t id = c->notice->id;

	return ioctl(c->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

/* Opens what is needed of it, and then makes sure that it was not somebody else by then. */
static int open_caller(struct caller *c)
{
	char path[64];
	struct text t;

	text_begin(&t, path, sizeof(path));
	text_put(&t, "/proc/");
	text_put_number(&t, c->notice->pid);
	c->process = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->process < 0)
		return -1;
	c->memory = openat(c->process, "mem", O_RDWR | O_CLOEXEC);
	if (c->memory < 0)
		return -1;
	errno = ESRCH;
	return caller_waits(c) ? 0 : -1;
}

/* The line "NAME: N N …" of /proc/PID/status: its field number `index`, counted from 0. */
static bool status_field(int process, const char *name, int index, uint64_t *value)
{
	char text[4096], *at;
	int fd = openat(process, "status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	at = strstr(text, name);
	if (at == NULL)
		return false;
	for (at += strlen(name); index >= 0; index--) {
		at += strspn(at, " \t");
		if (index > 0)
			at += strcspn(at, " \t\n");
	}
	at[strcspn(at, " \t\n")] = '\0';
	return text_to_number(at, 10, UINT32_MAX, value);
}

/* The host's number for the jail's user 0: "INSIDE OUTSIDE COUNT", one map a line. */
static bool root_outside(const struct plan *p, uint64_t *uid)
{
	const char *map = p->uid_map;
	char number[16];
	size_t n;

	*uid = 0;
	if (map == NULL)
		return true;
	while (map != NULL && strncmp(map, "0 ", 2) != 0) {
		map = strchr(map, '\n');
		map += map != NULL;
	}
	if (map == NULL)
		return false;
	n = strcspn(map + 2, " ");
	if (n >= sizeof(number))
		return false;
	memcpy(number, map + 2, n);
	number[n] = '\0';
	return text_to_number(number, 10, UINT32_MAX, uid);
}

bool caller_is_root(const struct caller *c)
{
	uint64_t root, effective;

	return root_outside(&c->jailer->plan, &root) &&
	       status_field(c->process, "\nUid:", 1, &effective) && effective == root;
}

bool caller_has_own(const struct caller *c, const char *kind)
{
	struct stat own, jail;
	char path[64];
	struct text t;

	text_begin(&t, path, sizeof(path));
	text_put(&t, "/proc/");
	text_put_number(&t, c->jailer->init);
	text_put(&t, "/");
	text_put(&t, kind);
	return fstatat(c->process, kind, &own, 0) < 0 || stat(path, &jail) < 0 ||
	       own.st_ino != jail.st_ino || own.st_dev != jail.st_dev;
}

int caller_read(const struct caller *c, uint64_t address, void *bytes, size_t size)
{
	if (address != 0 && pread(c->memory, bytes, size, (off_t)address) == (ssize_t)size)
		return 0;
	errno = EFAULT;
	return -1;
}

int caller_write(const struct caller *c, uint64_t address, const void *bytes, size_t size)
{
	if (address != 0 && pwrite(c->memory, bytes, size, (off_t)address) == (ssize_t)size)
		return 0;
	errno = EFAULT;
	return -1;
}

ssize_t caller_text(const struct caller *c, uint64_t address, char *text, size_t size)
{
	size_t have = 0;

	/* Page by page: what follows the end need not be there. */
	while (have < size) {
		size_t n = PAGE - (size_t)((address + have) % PAGE);
		char *end;

		if (n > size - have)
			n = size - have;
		if (caller_read(c, address + have, text + have, n) < 0)
			return -1;
		end = memchr(text + have, '\0', n);
		if (end != NULL)
			return end - text;
		have += n;
	}
	errno = ENAMETOOLONG;
	return -1;
}

static void answer(const struct caller *c, struct answer *a)
{
	enum call call = call_of(&c->jailer->plan, &c->notice->data);

	switch (call) {
	case CALL_SETHOSTNAME:
	case CALL_SETDOMAINNAME:
		answer_name(c, call, a);
		break;
	case CALL_UNAME:
		answer_uname(c, a);
		break;
	case CALL_MOUNT:
		answer_mount(c, a);
		break;
	case CALL_UMOUNT:
		answer_umount(c, a);
		break;
	case CALL_NONE:
		a->error = ENOSYS;
	}
}

_Noreturn void caller_answer(struct jailer *j, const struct seccomp_notif *notice, int listener,
			     int result, bool joined)
{
	struct caller c = { .jailer = j, .notice = notice, .listener = listener };
	struct answer a = { .error = 0 };

	oom_score_reset("self");
	if (cgroups_join(&j->plan, joined) != NULL || open_caller(&c) < 0)
		a.error = errno;
	else
		answer(&c, &a);
	_exit(channel_send(result, &a, sizeof(a), NULL, 0) < 0);
}
