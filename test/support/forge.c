/*
 * Sends a datagram under an address that is not one's own, as a process without privileges may ask for it
 * (ip(7), IP_FREEBIND; IPV6_FREEBIND), or with a header of its own (raw(7)), and prints what the kernel says.
 *   forge free|free-by-ip|raw ADDRESS PORT SOURCE
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int told(const char *step)
{
	printf("%s %s\n", step, strerrorname_np(errno));
	return 1;
}

static int send_free(int level, int option, const struct sockaddr_in6 *to, const struct sockaddr_in6 *from)
{
	int on = 1;
	int s = socket(AF_INET6, SOCK_DGRAM, 0);

	if (s < 0)
		return told("socket");
	if (setsockopt(s, level, option, &on, sizeof(on)) != 0)
		return told("setsockopt");
	if (bind(s, (const struct sockaddr *)from, sizeof(*from)) != 0)
		return told("bind");
	if (sendto(s, "!", 1, 0, (const struct sockaddr *)to, sizeof(*to)) != 1)
		return told("sendto");
	return puts("sent") < 0;
}

static int send_raw(const char *to, int port, const char *from)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
		char text[1];
	} __attribute__((packed)) packet = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP },
		.udp = { .source = htons(9), .dest = htons(port), .len = htons(9) },
		.text = "!",
	};
	struct sockaddr_in peer = { .sin_family = AF_INET };
	int s = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (s < 0)
		return told("socket");
	inet_pton(AF_INET, to, &packet.ip.daddr);
	inet_pton(AF_INET, from, &packet.ip.saddr);
	inet_pton(AF_INET, to, &peer.sin_addr);
	if (sendto(s, &packet, sizeof(packet), 0, (struct sockaddr *)&peer, sizeof(peer)) < 0)
		return told("sendto");
	return puts("sent") < 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 }, from = { .sin6_family = AF_INET6 };

	if (argc != 5)
		return 2;
	if (strcmp(argv[1], "raw") == 0)
		return send_raw(argv[2], atoi(argv[3]), argv[4]);
	inet_pton(AF_INET6, argv[2], &to.sin6_addr);
	inet_pton(AF_INET6, argv[4], &from.sin6_addr);
	to.sin6_port = htons(atoi(argv[3]));
	if (strcmp(argv[1], "free") == 0)
		return send_free(IPPROTO_IPV6, IPV6_FREEBIND, &to, &from);
	return send_free(IPPROTO_IP, IP_FREEBIND, &to, &from);
}
