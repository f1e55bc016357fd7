/* notify [-f] TEXT...: says each TEXT to the socket of NOTIFY_SOCKET, as sd_notify(3) does; -f: without end. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	int s = socket(AF_UNIX, SOCK_DGRAM, 0);
	const bool flood = argc > 1 && strcmp(argv[1], "-f") == 0;

	if (path == NULL)
		return 2;
	strncpy(to.sun_path, path, sizeof(to.sun_path) - 1);
	for (int i = 1 + flood; i < argc; i = flood && i + 1 == argc ? 2 : i + 1) {
		if (sendto(s, argv[i], strlen(argv[i]), 0, (struct sockaddr *)&to, sizeof(to)) < 0) {
			perror(path);
			return 1;
		}
	}
	return 0;
}
