#include "answers.h"
#include "caller.h"
#include "calls.h"
#include "native.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* THE TABLE of calls that can be answered, one architecture after another. */
static const struct {
	uint32_t arch;
	int number;
	enum call call;
} calls[] = {
	{ NATIVE, SYS_sethostname, CALL_SETHOSTNAME },
	{ NATIVE, SYS_setdomainname, CALL_SETDOMAINNAME },
	{ NATIVE, SYS_uname, CALL_UNAME },
	{ NATIVE, SYS_mount, CALL_MOUNT },
	{ NATIVE, SYS_umount2, CALL_UMOUNT },
#if defined(__x86_64__)
	/* For policies that let 32-bit programs in. */
	{ AUDIT_ARCH_I386, 74, CALL_SETHOSTNAME },
	{ AUDIT_ARCH_I386, 121, CALL_SETDOMAINNAME },
	{ AUDIT_ARCH_I386, 122, CALL_UNAME },
	{ AUDIT_ARCH_I386, 21, CALL_MOUNT },
	{ AUDIT_ARCH_I386, 52, CALL_UMOUNT },
#endif
};

#define CALL_COUNT (sizeof(calls) / sizeof(calls[0]))

static bool is_wanted(const struct plan *plan, enum call call)
{
	switch (call) {
	case CALL_SETHOSTNAME:
	case CALL_SETDOMAINNAME:
		return plan->answer_hostname;
	case CALL_UNAME:
		return plan->answer_release != NULL;
	case CALL_MOUNT:
	case CALL_UMOUNT:
		return plan->answer_mounts.first != NULL;
	case CALL_NONE:
		break;
	}
	return false;
}

bool answers_wanted(const struct plan *plan)
{
	return plan->answer_hostname || plan->answer_release != NULL ||
	       plan->answer_mounts.first != NULL;
}

enum call call_of(const struct plan *plan, const struct seccomp_data *data)
{
	for (size_t i = 0; i < CALL_COUNT; i++)
		if (calls[i].arch == data->arch && calls[i].number == data->nr &&
		    is_wanted(plan, calls[i].call))
			return calls[i].call;
	return CALL_NONE;
}

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define NOTIFY BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)
/* Skips the next instruction unless it is `k`. */
#define UNLESS(k) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (k), 0, 1)

/* For each call: its architecture, its number, and where it goes. */
static unsigned short write_filter(const struct plan *plan, struct sock_filter *code)
{
	unsigned short n = 0;

	for (size_t i = 0; i < CALL_COUNT; i++) {
		const struct sock_filter row[] = {
			FIELD(arch),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].arch, 0, 3),
			FIELD(nr),
			UNLESS((uint32_t)calls[i].number),
			NOTIFY,
		};

		for (size_t k = 0; is_wanted(plan, calls[i].call) && k < 5; k++)
			code[n++] = row[k];
	}
	code[n++] = (struct sock_filter)ALLOW;
	return n;
}

int answers_load(const struct plan *plan)
{
	struct sock_filter code[CALL_COUNT * 5 + 1];
	struct sock_fprog program = { .len = write_filter(plan, code), .filter = code };
	/* A call that is being answered is not done again because a signal came in between. */
	int fd = sys_seccomp(SECCOMP_SET_MODE_FILTER,
			     SECCOMP_FILTER_FLAG_NEW_LISTENER |
				     SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			     &program);

	/* Linux before 5.19 */
	if (fd < 0 && errno == EINVAL)
		fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd;
}
