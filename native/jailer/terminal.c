#include "terminal.h"
#include "calls.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

bool is_terminal_master(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(5, 2);
}

int terminal_open(int *master, int *slave)
{
	int unlocked = 0;
	int error;

	/* /dev/ptmx is a link to pts/ptmx where devpts is the jail's own. */
	*master = sys_openat2(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK,
			      RESOLVE_NO_MAGICLINKS);
	if (*master < 0)
		return -1;
	if (!is_terminal_master(*master))
		errno = ENOTTY;
	/* The peer by descriptor: a name below /dev/pts could be anything by now. */
	else if (fcntl(*master, F_SETFL, O_RDWR) == 0 &&
		 ioctl(*master, TIOCSPTLCK, &unlocked) == 0 &&
		 (*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC)) >= 0)
		return 0;
	error = errno;
	close(*master);
	errno = error;
	return -1;
}
