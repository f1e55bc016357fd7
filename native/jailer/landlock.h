/*
 * Restrictions that a process lays on itself and all that it starts, landlock(7): whatever descriptor,
 * mount or namespace it comes by, it opens nothing beyond them. Older kernels have fewer of them, or none.
 */
#ifndef JAILER_LANDLOCK_H
#define JAILER_LANDLOCK_H

#include <stdint.h>

#define LANDLOCK_WRITE_FILE 0x2U
#define LANDLOCK_READ_FILE 0x4U
#define LANDLOCK_REMOVE_FILE 0x20U
#define LANDLOCK_MAKE_FILE 0x100U
#define LANDLOCK_TRUNCATE 0x4000U
/* Up to LANDLOCK_ACCESS_FS_IOCTL_DEV, which is Linux 6.10. */
#define LANDLOCK_ALL_FILES 0xffffU

#define LANDLOCK_ABSTRACT_SOCKETS 0x1U
#define LANDLOCK_SIGNALS 0x2U

/* Beneath a directory, or to one file: what may still be done. */
struct landlock_place {
	int fd;
	uint64_t rights;
};

/*
 * Takes all of `files` (LANDLOCK_…, 0: none) away but what `places` have; closes `scopes` to who has
 * fewer restrictions. Needs no_new_privs or CAP_SYS_ADMIN. Returns 0, also for what this kernel does
 * not have, or -1 with errno.
 */
int landlock_restrict(uint64_t files, uint64_t scopes, const struct landlock_place *places, int count);

#endif
