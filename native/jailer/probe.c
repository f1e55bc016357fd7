#include "probe.h"
#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HOST_MAX 255
#define PLACE_MAX (HOST_MAX + 64)
#define PATH_LONGEST 2048
#define ADDRESSES 8
#define ANSWER_MAX 4096
#define STATUS_LONGEST 120	/* of a status line, what is printed */
#define HTTP_PORT 80

/* No blanks, no control characters: it becomes a part of a line. */
static bool is_word(const char *s, size_t most)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || s[i] == 0x7f)
			return false;
	return n > 0 && n <= most;
}

bool probe_parse(struct probe *probe, struct fields *f, enum check_kind kind)
{
	const char *port;
	uint64_t n;

	*probe = (struct probe){ .host = fields_next(f) };
	port = fields_next(f);
	if (probe->host == NULL || !is_word(probe->host, HOST_MAX) || port == NULL ||
	    !text_to_number(port, 10, UINT16_MAX, &n) || n == 0)
		return false;
	probe->port = (uint16_t)n;
	if (kind == CHECK_HTTP &&
	    ((probe->path = fields_next(f)) == NULL || probe->path[0] != '/' || !is_word(probe->path, PATH_LONGEST)))
		return false;
	return f->at == f->end;
}

/* HOST:PORT as it is written in addresses of the web. */
static const char *place_text(char *buffer, size_t size, const char *host, uint16_t port)
{
	const bool six = strchr(host, ':') != NULL;
	struct text t;

	text_begin(&t, buffer, size);
	text_put(&t, six ? "[" : "");
	text_put(&t, host);
	text_put(&t, six ? "]:" : ":");
	text_put_number(&t, port);
	return buffer;
}

static void say(const char *a, const char *b, const char *c)
{
	char line[PLACE_MAX + STATUS_LONGEST + 64];
	size_t n;

	if (text_join(line, sizeof(line) - 1, a, b, c) == NULL)
		return;
	n = strlen(line);
	line[n] = '\n';
	if (write(STDOUT_FILENO, line, n + 1) < 0)
		errno = 0;
}

union address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

/* Returns its length, 0 for text that is no address. */
static socklen_t address_parse(const char *text, uint16_t port, union address *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, &a->four.sin_addr) == 1) {
		a->four.sin_family = AF_INET;
		a->four.sin_port = htons(port);
		return sizeof(a->four);
	}
	if (inet_pton(AF_INET6, text, &a->six.sin6_addr) == 1) {
		a->six.sin6_family = AF_INET6;
		a->six.sin6_port = htons(port);
		return sizeof(a->six);
	}
	return 0;
}

/* Returns the socket, or -1 when it has said why not. */
static int connect_to(const char *host, uint16_t port)
{
	char where[PLACE_MAX];
	union address a;
	socklen_t size = address_parse(host, port, &a);
	int fd;

	place_text(where, sizeof(where), host, port);
	say("connect ", where, ": timed out");
	errno = EINVAL;
	fd = size == 0 ? -1 : socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &a.any, size) == 0) {
		say("connected to ", where, "");
		return fd;
	}
	text_join(where + strlen(where), sizeof(where) - strlen(where), ": ", strerror(errno), "");
	say("connect ", where, "");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* The first of its addresses that takes a connection. */
static int connect_any(const struct probe *probe)
{
	char addresses[ADDRESSES][ADDRESS_MAX];
	union address a;
	int count, fd = -1;

	if (address_parse(probe->host, probe->port, &a) > 0)
		return connect_to(probe->host, probe->port);
	count = hosts_find(probe->host, addresses, ADDRESSES);
	if (count < 0)
		say("/etc/hosts: ", strerror(errno), "");
	else
		say(probe->host, ": neither an address nor in /etc/hosts", "");
	/* What is none is text of the jail's, which would become a part of a line. */
	for (int i = 0; i < count && fd < 0; i++)
		if (address_parse(addresses[i], probe->port, &a) > 0)
			fd = connect_to(addresses[i], probe->port);
	return fd;
}

static int send_request(int fd, const struct probe *probe)
{
	char request[PATH_LONGEST + PLACE_MAX + 128], place[PLACE_MAX];
	size_t sent = 0;
	struct text t;

	place_text(place, sizeof(place), probe->host, probe->port);
	if (probe->port == HTTP_PORT)
		*strrchr(place, ':') = '\0';
	text_begin(&t, request, sizeof(request));
	text_put(&t, "GET ");
	text_put(&t, probe->path);
	text_put(&t, " HTTP/1.1\r\nHost: ");
	text_put(&t, place);
	text_put(&t, "\r\nUser-Agent: jaild\r\nAccept: */*\r\nConnection: close\r\n\r\n");
	while (sent < t.used) {
		ssize_t n = send(fd, request + sent, t.used - sent, MSG_NOSIGNAL);

		if (n < 0)
			return -1;
		sent += (size_t)n;
	}
	return 0;
}

/* "HTTP/1.1 200 OK": the code, or 0 for a line that is none. */
static int status_of(const char *line)
{
	char code[4] = "";
	uint64_t n;

	if (strncmp(line, "HTTP/1.", 7) != 0 || line[7] < '0' || line[7] > '9' || line[8] != ' ')
		return 0;
	memcpy(code, line + 9, strnlen(line + 9, 3));
	if (strlen(code) != 3 || (line[12] != '\0' && line[12] != ' ') || !text_to_number(code, 10, 999, &n))
		return 0;
	return (int)n;
}

/* Whoever answers shall not write to terminals on which that is read. */
static void make_plain(char *line)
{
	size_t n = strnlen(line, STATUS_LONGEST);

	line[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	while (n > 0 && line[n - 1] == ' ')
		line[--n] = '\0';
}

/* Cuts the status line out of what has been read so far. NULL: it is not whole yet. Interim answers (1xx) are passed over. */
static char *cut_status(char *bytes, size_t have)
{
	for (char *at = bytes;;) {
		char *end = memchr(at, '\n', have - (size_t)(at - bytes)), *blank;

		if (end == NULL)
			return NULL;
		if (strncmp(at, "HTTP/1.1 1", 10) != 0) {
			*end = '\0';
			at[strcspn(at, "\r")] = '\0';
			return at;
		}
		blank = strstr(end, "\n\r\n");
		if (blank == NULL)
			return NULL;
		at = blank + 3;
	}
}

static int judge(char *line)
{
	int status = status_of(line);
	bool well = status >= 200 && status <= 399;

	make_plain(line);
	if (status == 0)
		say("no answer of HTTP: \"", line, "\"");
	else
		say("HTTP", line + strlen("HTTP/1.1"), "");
	return well ? 0 : 1;
}

static int read_status(int fd, const char *where)
{
	char answer[ANSWER_MAX + 1];
	size_t have = 0;

	while (have < ANSWER_MAX) {
		ssize_t n = recv(fd, answer + have, ANSWER_MAX - have, 0);
		char *line;

		if (n < 0) {
			say(where, ": ", strerror(errno));
			return 1;
		}
		if (n == 0)
			break;
		have += (size_t)n;
		answer[have] = '\0';
		line = cut_status(answer, have);
		if (line != NULL)
			return judge(line);
	}
	say("no answer of HTTP from ", where, have == 0 ? ": closed at once" : "");
	return 1;
}

int probe_run(void *about)
{
	const struct probe *probe = about;
	char where[PLACE_MAX];
	int fd = connect_any(probe), code;

	if (fd < 0)
		return 1;
	if (probe->path == NULL)
		return 0;
	place_text(where, sizeof(where), probe->host, probe->port);
	say("no answer from ", where, ": timed out");
	if (send_request(fd, probe) < 0) {
		say(where, ": ", strerror(errno));
		return 1;
	}
	code = read_status(fd, where);
	close(fd);
	return code;
}
