/* Whether there are sockets of IPv4 and of IPv6: a line for each, with the number of the error. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

static void attempt(const char *name, int family, int type)
{
	printf("%s %d\n", name, socket(family, type, 0) < 0 ? errno : 0);
}

int main(void)
{
	attempt("tcp4", AF_INET, SOCK_STREAM);
	attempt("udp4", AF_INET, SOCK_DGRAM | SOCK_CLOEXEC);
	attempt("tcp6", AF_INET6, SOCK_STREAM);
	attempt("udp6", AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC);
	return 0;
}
