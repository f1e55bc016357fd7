/* Families and protocols that are not namespaced, load modules, or reach the host. */
#include "probe.h"

#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

static void refused_family(const struct probe *probe)
{
	static const int kinds[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET, SOCK_RAW };
	const long *n = probe->numbers;
	int pair[2];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (socket((int)n[0], kinds[i], (int)n[1]) >= 0)
			fail("a socket of family %ld, kind %d, protocol %ld", n[0], kinds[i], n[1]);
	if (socketpair((int)n[0], SOCK_SEQPACKET, 0, pair) == 0)
		fail("a pair of sockets of family %ld", n[0]);
	if (socket((int)n[0], SOCK_DGRAM, (int)n[1]) < 0 && errno != EAFNOSUPPORT && errno != EPERM)
		fail("family %ld reached the kernel: %s", n[0], strerror(errno));
}

#define FAMILY(weight_, id, number)                                                              \
	ENTER(family_##id, .name = "family_" #id, .class = "3.sockets", .weight = weight_,       \
	      .run = refused_family, .numbers = { number, 0 })

FAMILY(LOW, ax25, 3) FAMILY(LOW, ipx, 4) FAMILY(LOW, appletalk, 5) FAMILY(LOW, netrom, 6) FAMILY(LOW, bridge, 7)
FAMILY(LOW, atmpvc, 8) FAMILY(LOW, x25, 9) FAMILY(LOW, rose, 11) FAMILY(LOW, decnet, 12) FAMILY(MEDIUM, key, 15)
FAMILY(HIGH, packet, 17) FAMILY(LOW, econet, 19) FAMILY(LOW, atmsvc, 20) FAMILY(MEDIUM, rds, 21) FAMILY(LOW, irda, 23)
FAMILY(LOW, pppox, 24) FAMILY(LOW, llc, 26) FAMILY(LOW, ib, 27) FAMILY(LOW, mpls, 28) FAMILY(MEDIUM, can, 29)
FAMILY(MEDIUM, tipc, 30) FAMILY(MEDIUM, bluetooth, 31) FAMILY(LOW, iucv, 32) FAMILY(LOW, rxrpc, 33) FAMILY(LOW, isdn, 34)
FAMILY(LOW, phonet, 35) FAMILY(LOW, ieee802154, 36) FAMILY(LOW, caif, 37) FAMILY(HIGH, alg, 38) FAMILY(LOW, nfc, 39)
FAMILY(HIGH, vsock, 40) FAMILY(LOW, kcm, 41) FAMILY(LOW, qipcrtr, 42) FAMILY(LOW, smc, 43) FAMILY(MEDIUM, xdp, 44)
FAMILY(LOW, mctp, 45) FAMILY(LOW, unknown_46, 46) FAMILY(LOW, unknown_99, 99)

static void refused_socket(const struct probe *probe)
{
	const long *n = probe->numbers;

	if (socket((int)n[0], (int)n[1], (int)n[2]) >= 0)
		fail("socket(%ld, %ld, %ld) was given", n[0], n[1], n[2]);
}

static void borrowed_address(const struct probe *probe)
{
	const long *n = probe->numbers;
	int on = 1;
	int s = socket(AF_INET6, SOCK_DGRAM, 0);

	if (s >= 0 && setsockopt(s, (int)n[0], (int)n[1], &on, sizeof(on)) == 0)
		fail("a socket may send under addresses of others (level %ld, option %ld)", n[0], n[1]);
}

ENTER(free_ip, .name = "free_ip", .class = "3.sockets", .weight = HIGH, .run = borrowed_address,
      .numbers = { IPPROTO_IP, 15 })
ENTER(free_ip6, .name = "free_ip6", .class = "3.sockets", .weight = HIGH, .run = borrowed_address,
      .numbers = { IPPROTO_IPV6, 78 })

#define SOCKET(weight_, id, ...)                                                                 \
	ENTER(socket_##id, .name = "socket_" #id, .class = "3.sockets", .weight = weight_,       \
	      .run = refused_socket, .numbers = { __VA_ARGS__ })

SOCKET(HIGH, raw_icmp, AF_INET, SOCK_RAW, 1)
SOCKET(HIGH, raw_ip, AF_INET, SOCK_RAW, 255)
SOCKET(HIGH, raw_ip6, AF_INET6, SOCK_RAW, 58)
SOCKET(MEDIUM, old_packet, AF_INET, SOCK_PACKET, 0)
SOCKET(MEDIUM, sctp, AF_INET, SOCK_STREAM, 132)
SOCKET(MEDIUM, dccp, AF_INET, 6, 33)
SOCKET(LOW, l2tp, AF_INET, SOCK_DGRAM, 115)
SOCKET(LOW, smc, AF_INET, SOCK_STREAM, 256)
SOCKET(LOW, udplite, AF_INET, SOCK_DGRAM, 136)
SOCKET(MEDIUM, netlink_sock_diag, AF_NETLINK, SOCK_RAW, 4)
SOCKET(MEDIUM, netlink_xfrm, AF_NETLINK, SOCK_RAW, 6)
SOCKET(LOW, netlink_selinux, AF_NETLINK, SOCK_RAW, 7)
SOCKET(MEDIUM, netlink_audit, AF_NETLINK, SOCK_RAW, 9)
SOCKET(LOW, netlink_connector, AF_NETLINK, SOCK_DGRAM, 11)
SOCKET(HIGH, netlink_netfilter, AF_NETLINK, SOCK_RAW, 12)
SOCKET(MEDIUM, netlink_uevent, AF_NETLINK, SOCK_RAW, 15)
SOCKET(LOW, netlink_generic, AF_NETLINK, SOCK_RAW, 16)
SOCKET(LOW, netlink_rdma, AF_NETLINK, SOCK_RAW, 20)
SOCKET(LOW, netlink_crypto, AF_NETLINK, SOCK_RAW, 21)
/* The kernel takes 32 bits of each argument: what is above must not pass the filter as another family. */
static long wide_family(void)
{
	return syscall(41, 0x100000000L | 40, (long)SOCK_STREAM, 0L);
}

PROBE("3.sockets", HIGH, family_vsock_high_bits)
{
	expect_refused("socket(AF_VSOCK) with high bits", wide_family());
}

PROBE("3.sockets", LOW, tcp_ulp)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (setsockopt(fd, 6, 31, "tls", 3) == 0)
		fail("TCP_ULP took tls");
}

PROBE("3.sockets", HIGH, netfilter_by_setsockopt)
{
	char name[84] = "filter";
	socklen_t length = sizeof(name);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	expect_refused("IPT_SO_GET_INFO", getsockopt(fd, 0, 64, name, &length));
}

PROBE("3.sockets", MEDIUM, interface_flags)
{
	char request[40] = "lo";
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	memcpy(request + 16, &(short){ 0 }, 2);
	expect_refused("SIOCSIFFLAGS on lo", ioctl(fd, 0x8914, request));
}

PROBE("3.sockets", MEDIUM, interface_new)
{
	char request[40] = "br0";
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	expect_refused("SIOCBRADDBR", ioctl(fd, 0x89a0, request));
}

PROBE("4.abstract", HIGH, abstract_socket_of_host)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const char *other = host("abstract");
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(name.sun_path + 1, other, strlen(other));
	expect_refused("connect to the host's abstract socket",
		       connect(fd, (void *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(other))));
}

PROBE("4.abstract", MEDIUM, unix_sockets_seen)
{
	char text[16384];

	slurp("/proc/net/unix", text, sizeof(text));
	if (strchr(text, '@') != NULL || strstr(text, "jaild") != NULL)
		fail("/proc/net/unix tells of others: %s", strchr(text, '\n'));
}

PROBE("4.loopback", HIGH, loopback_of_host)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((unsigned short)atoi(host("port")));
	expect_refused("connect to a port of the host's loopback", connect(fd, (void *)&address, sizeof(address)));
}

PROBE("4.loopback", MEDIUM, interfaces_of_host)
{
	char text[4096];
	int count = 0;

	slurp("/proc/net/dev", text, sizeof(text));
	for (char *c = text; (c = strchr(c, ':')) != NULL; c++)
		count++;
	if (count != 1)
		fail("%d interfaces", count);
}

PROBE("4.loopback", LOW, forwarding)
{
	char text[8];

	slurp("/proc/sys/net/ipv4/ip_forward", text, sizeof(text));
	if (text[0] == '1')
		fail("the jail forwards packets");
}
