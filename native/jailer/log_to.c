#include "log_to.h"
#include "stamp.h"
#include "text.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* As conmon has it: syslog(3) info and err; what the jailer says is a warning. */
#define PRIORITY_OUT '6'
#define PRIORITY_ERR '3'
#define PRIORITY_OWN '4'
/* Of "<30>": LOG_DAEMON and the above. */
#define FACILITY 3

struct record {
	const char *head;
	const char *text;
	size_t n;
	bool goes_on;
};

const char *log_kind_name(enum log_kind kind)
{
	return kind == LOG_JOURNALD ? "journald" : "syslog";
}

bool log_record_is_own(const char *record)
{
	return memcmp(record + LOG_STREAM, LOG_JAILER, 6) == 0;
}

const char *log_record_text(const char *record)
{
	return record + LOG_HEAD + (record[LOG_HEAD - 1] == '+');
}

size_t log_loss_text(char *to, size_t size, const struct log_loss *loss, const char *end)
{
	struct text t;

	text_begin(&t, to, size);
	text_put_number(&t, (int64_t)loss->lines);
	text_put(&t, " lines (");
	text_put_number(&t, (int64_t)loss->bytes);
	text_put(&t, " bytes) ");
	text_put(&t, end);
	return t.used;
}

int log_targets_add(struct log_targets *t, const char *name, enum log_kind kind, const char *socket_path)
{
	struct log_target *target = &t->all[t->count];
	size_t n = strlen(socket_path);

	if (t->count == LOG_TARGETS_MAX || n >= sizeof(target->address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (t->count == 0) {
		t->name = name;
		t->formatted = -1;
		t->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (t->fd < 0)
			return -1;
		/* The C library reads the zone once, for localtime_r(3) as well. */
		tzset();
	}
	*target = (struct log_target){ .kind = kind, .address = { .sun_family = AF_UNIX } };
	memcpy(target->address.sun_path, socket_path, n + 1);
	t->count++;
	return 0;
}

static struct iovec piece(const char *bytes, size_t n)
{
	return (struct iovec){ .iov_base = (void *)bytes, .iov_len = n };
}

static struct iovec words(const char *s)
{
	return piece(s, strlen(s));
}

static char priority(const char *head)
{
	return log_record_is_own(head) ? PRIORITY_OWN :
	       head[LOG_STREAM + 3] == 'o' ? PRIORITY_OUT : PRIORITY_ERR;
}

/* Each time by name: whoever is behind it may have been started anew. */
static bool put(const struct log_targets *t, struct log_target *target, struct iovec *parts, size_t count)
{
	struct msghdr msg = { .msg_name = &target->address, .msg_namelen = sizeof(target->address),
			      .msg_iov = parts, .msg_iovlen = count };
	ssize_t sent;

	do
		sent = sendmsg(t->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent >= 0;
}

/* systemd.journal-fields(7), "Native Journal Protocol": a line has no newline, so each field is NAME=VALUE. */
static bool put_journald(struct log_targets *t, struct log_target *target, const struct record *r)
{
	char start[] = "PRIORITY=6\nSYSLOG_FACILITY=3\nJAIL_STREAM=stdout\nMESSAGE=";
	struct iovec parts[] = {
		words(start), piece(r->text, r->n), words("\nSYSLOG_IDENTIFIER="), words(t->name),
		words("\nJAIL="), words(t->name), words(r->goes_on ? "\nJAIL_PARTIAL=true\n" : "\n"),
	};

	start[9] = priority(r->head);
	memcpy(start + 41, r->head + LOG_STREAM, 6);
	return put(t, target, parts, sizeof(parts) / sizeof(parts[0]));
}

static void format_local(struct log_targets *t, const char *head)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t second;
	struct tm tm;

	if (!stamp_read(head, &second) || second == t->formatted || localtime_r(&second, &tm) == NULL)
		return;
	memcpy(t->local, "Jan  1 00:00:00 ", sizeof(t->local));
	memcpy(t->local, months + 3 * tm.tm_mon, 3);
	stamp_put_digits(t->local + 4, (unsigned int)tm.tm_mday, 2);
	if (t->local[4] == '0')
		t->local[4] = ' ';
	stamp_put_digits(t->local + 7, (unsigned int)tm.tm_hour, 2);
	stamp_put_digits(t->local + 10, (unsigned int)tm.tm_min, 2);
	stamp_put_digits(t->local + 13, (unsigned int)tm.tm_sec, 2);
	t->formatted = second;
}

/* RFC 3164, as syslog(3) says it to a socket of its host: without the host's name. */
static bool put_syslog(struct log_targets *t, struct log_target *target, const struct record *r)
{
	char start[] = "<30>";
	struct iovec parts[] = {
		words(start), piece(t->local, sizeof(t->local)), words(t->name), words(": "),
		piece(r->text, r->n),
	};

	format_local(t, r->head);
	stamp_put_digits(start + 1, FACILITY * 8 + (unsigned int)(priority(r->head) - '0'), 2);
	return put(t, target, parts, sizeof(parts) / sizeof(parts[0]));
}

static bool put_record(struct log_targets *t, struct log_target *target, const struct record *r)
{
	return target->kind == LOG_JOURNALD ? put_journald(t, target, r) : put_syslog(t, target, r);
}

/* First of all what it has missed. */
static bool say_unsaid(struct log_targets *t, struct log_target *target, const char *head)
{
	char own[LOG_HEAD], text[96];
	struct record r = { .head = own, .text = text };

	if (target->unsaid.bytes == 0)
		return true;
	memcpy(own, head, LOG_HEAD);
	memcpy(own + LOG_STREAM, LOG_JAILER, 6);
	r.n = log_loss_text(text, sizeof(text), &target->unsaid, "lost: they were not taken here");
	if (!put_record(t, target, &r))
		return false;
	target->unsaid = (struct log_loss){ 0, 0 };
	return true;
}

static void count(struct log_loss *loss, const struct record *r)
{
	loss->lines += !r->goes_on;
	loss->bytes += r->n + !r->goes_on;
}

static void send_one(struct log_targets *t, struct log_target *target, const struct record *r)
{
	if (say_unsaid(t, target, r->head) && put_record(t, target, r)) {
		target->error = 0;
		return;
	}
	target->error = errno;
	if (log_record_is_own(r->head))
		return;
	count(&target->lost, r);
	count(&target->unsaid, r);
}

void log_targets_send(struct log_targets *t, const char *records, size_t n)
{
	for (const char *at = records, *end = records + n; at < end;) {
		const char *last = memchr(at, '\n', (size_t)(end - at));
		const char *text = log_record_text(at);
		const struct record r = { at, text, (size_t)(last - text), text > at + LOG_HEAD };

		for (int i = 0; i < t->count; i++)
			send_one(t, &t->all[i], &r);
		at = last + 1;
	}
}
