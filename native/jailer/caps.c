#include "caps.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int caps_bound(uint64_t mask)
{
	/* PR_CAPBSET_READ says EINVAL behind the last capability of this kernel. */
	for (int cap = 0; cap < 64; cap++) {
		int present = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);

		if (present < 0)
			break;
		if (present && !(mask & (1ULL << cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
			return -1;
	}
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int caps_set(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	for (int i = 0; i < 2; i++) {
		sets[i].permitted &= (uint32_t)(mask >> (32 * i));
		sets[i].effective = sets[i].permitted;
		sets[i].inheritable = 0;
	}
	return (int)syscall(SYS_capset, &header, sets);
}

int caps_use(uint64_t mask)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct sets[2];

	if (syscall(SYS_capget, &header, sets) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		sets[i].effective = sets[i].permitted & (uint32_t)(mask >> (32 * i));
	return (int)syscall(SYS_capset, &header, sets);
}
