/* link: test/test_log_rate.c jailer/log.c jailer/log_files.c jailer/log_rate.c jailer/log_tell.c jailer/log_to.c jailer/log_write.c jailer/stamp.c jailer/text.c jailer/outside.c jailer/target.c  (what is left out, and where else lines go) */
#include "check.h"
#include "log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static char dir[] = "/tmp/test_log_rate.XXXXXX";
static char path[64], name[64];
static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	now->tv_sec += ahead;
	return result;
}

static void say(struct log *l, enum log_stream s, const char *text)
{
	log_take(l, s, text, strlen(text));
}

static struct log opened(uint64_t amount, bool of_bytes, int seconds)
{
	struct log l;

	unlink(path);
	check(log_open(&l, path, 0, 1, true) == 0);
	l.rate = (struct log_rate){ .amount = amount, .of_bytes = of_bytes, .span = seconds * SECOND };
	return l;
}

static void done(struct log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	if (l->targets.count > 0)
		close(l->targets.fd);
	munmap(l->out - 64, (size_t)(l->held[1].bytes - l->out) + 64 + LOG_LINE_MAX);
	ahead = 0;
}

/* What the file has, without times. */
static const char *lines(struct log *l)
{
	static char text[1 << 20], all[1 << 20];
	int fd;
	ssize_t n;
	char *to = all;

	log_flush(l);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	check(n >= 0 && close(fd) == 0);
	text[n] = '\0';
	for (char *at = text; *at != '\0'; at = strchr(at, '\n') + 1)
		to += sprintf(to, "%.*s\n", (int)strcspn(at + LOG_STREAM, "\n"), at + LOG_STREAM);
	*to = '\0';
	return all;
}

static void leaves_out_lines(void)
{
	struct log l = opened(3, false, 30);
	struct log_loss told;

	say(&l, LOG_STDOUT, "1\n2\n");
	say(&l, LOG_STDERR, "3\n4\n");
	say(&l, LOG_STDOUT, "5\nun");
	say(&l, LOG_STDOUT, "finished\n");
	check_text(lines(&l), "stdout 1\nstdout 2\nstderr 3\n");
	check(log_timeout(&l) > 1000 && log_timeout(&l) <= 30001);
	told = log_limited(&l);
	check(told.lines == 0 && told.bytes == 0);
	ahead = 31;
	check(log_timeout(&l) == 0);
	/* Nobody prints more: it is said all the same, once. */
	check_text(lines(&l), "stdout 1\nstdout 2\nstderr 3\njailer 3 lines (15 bytes) left out: log.rate\n");
	check(log_timeout(&l) == -1);
	told = log_limited(&l);
	check(told.lines == 3 && told.bytes == 15);
	told = log_limited(&l);
	check(told.lines == 0 && told.bytes == 0);
	say(&l, LOG_STDOUT, "a\nb\nc\nd\n");
	ahead = 62;
	/* The notice is in the place of the lines. */
	say(&l, LOG_STDOUT, "e\n");
	check(strstr(lines(&l), "stdout c\njailer 1 lines (2 bytes) left out: log.rate\nstdout e\n") != NULL);
	done(&l);
}

static void leaves_out_bytes(void)
{
	struct log l = opened(10, true, 1);

	/* Room for its beginning is room for a line. */
	say(&l, LOG_STDOUT, "12345678\nabcdefgh\nX\n");
	log_finish(&l);
	check_text(lines(&l), "stdout 12345678\nstdout abcdefgh\njailer 1 lines (2 bytes) left out: log.rate\n");
	done(&l);
}

/* A line without an end is no way around. */
static void cuts_endless_lines(void)
{
	static char much[5 * LOG_LINE_MAX + 1];
	struct log l = opened(2, false, 30);
	const char *text;

	memset(much, 'x', sizeof(much));
	for (size_t at = 0; at < sizeof(much); at += 1000)
		log_take(&l, LOG_STDOUT, much + at, sizeof(much) - at < 1000 ? sizeof(much) - at : 1000);
	say(&l, LOG_STDOUT, "tail\nnext\n");
	log_finish(&l);
	text = lines(&l);
	check(strncmp(text, "stdout+ xxx", 11) == 0);
	check(strlen(text) == 8 + LOG_LINE_MAX + 1 + 7 + LOG_LINE_MAX + 1 +
				      strlen("jailer 2 lines (49163 bytes) left out: log.rate\n"));
	check(strstr(text, "xxx\njailer 2 lines (49163 bytes) left out: log.rate\n") != NULL);
	done(&l);
}

/* What comes in pieces of any size is judged as if it had come at once. */
static void counts_every_byte(void)
{
	static char said[300000];
	uint64_t lines_said = 0;

	for (size_t i = 0; i < sizeof(said); i++)
		said[i] = (char)(i + 1 == sizeof(said) || rand() % 40 == 0 ? '\n' : 'a' + rand() % 26);
	for (size_t i = 0; i < sizeof(said); i++)
		lines_said += said[i] == '\n';
	for (int of_bytes = 0; of_bytes < 2; of_bytes++) {
		struct log l = opened(of_bytes ? 50000 : 1000, of_bytes, 30);
		uint64_t kept = 0, kept_lines = 0;
		struct log_loss lost;

		for (size_t at = 0, n; at < sizeof(said); at += n) {
			n = 1 + (size_t)rand() % 3000;
			n = n < sizeof(said) - at ? n : sizeof(said) - at;
			log_take(&l, LOG_STDOUT, said + at, n);
		}
		log_finish(&l);
		lost = log_limited(&l);
		for (const char *at = lines(&l); strncmp(at, "stdout ", 7) == 0; at = strchr(at, '\n') + 1) {
			kept += strcspn(at + 7, "\n") + 1;
			kept_lines++;
		}
		check(kept + lost.bytes == sizeof(said) && kept_lines + lost.lines == lines_said);
		check(of_bytes ? kept >= 50000 && kept < 50500 : kept_lines == 1000);
		done(&l);
	}
}

static void says_nothing_in_plain(void)
{
	struct log l;
	char text[64] = "";
	int fd;

	unlink(path);
	check(log_open(&l, path, 0, 1, false) == 0);
	l.rate = (struct log_rate){ .amount = 1, .span = SECOND };
	say(&l, LOG_STDOUT, "a\nb\n");
	log_finish(&l);
	fd = open(path, O_RDONLY);
	check(read(fd, text, sizeof(text) - 1) == 2 && close(fd) == 0);
	check_text(text, "a\n");
	check(log_limited(&l).lines == 1);
	done(&l);
}

static int listen_at(const char *where)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	strcpy(address.sun_path, where);
	unlink(where);
	check(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

/* "" for none. */
static const char *received(int fd)
{
	static char text[LOG_LINE_MAX + 512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void speaks_to_journald(void)
{
	static char much[LOG_LINE_MAX + 1];
	struct log l;
	int fd = listen_at(name);

	check(log_open(&l, NULL, 0, 1, true) == 0);
	check(log_targets_add(&l.targets, "web", LOG_JOURNALD, name) == 0);
	say(&l, LOG_STDOUT, "to out\n");
	say(&l, LOG_STDERR, "to err\n");
	memset(much, 'x', sizeof(much));
	log_take(&l, LOG_STDOUT, much, sizeof(much));
	say(&l, LOG_STDOUT, "\n");
	log_flush(&l);
	check_text(received(fd), "PRIORITY=6\nSYSLOG_FACILITY=3\nJAIL_STREAM=stdout\nMESSAGE=to out\n"
				 "SYSLOG_IDENTIFIER=web\nJAIL=web\n");
	check_text(received(fd), "PRIORITY=3\nSYSLOG_FACILITY=3\nJAIL_STREAM=stderr\nMESSAGE=to err\n"
				 "SYSLOG_IDENTIFIER=web\nJAIL=web\n");
	check(strstr(received(fd), "xxx\nSYSLOG_IDENTIFIER=web\nJAIL=web\nJAIL_PARTIAL=true\n") != NULL);
	check(strstr(received(fd), "\nMESSAGE=x\n") != NULL);
	check(log_dropped(&l, 0, true).bytes == 0);
	check_text(log_place(&l, 0), "journald");
	check(log_place(&l, 1) == NULL);
	close(fd);
	done(&l);
}

static void speaks_to_syslog(void)
{
	struct log l = opened(0, false, 0);
	int fd = listen_at(name);
	char expected[64];
	struct tm tm;
	time_t now;

	check(log_targets_add(&l.targets, "web", LOG_SYSLOG, name) == 0);
	say(&l, LOG_STDERR, "to err\n");
	log_flush(&l);
	now = l.now.tv_sec;
	strftime(expected, sizeof(expected), "<27>%b %e %T web: to err", localtime_r(&now, &tm));
	check_text(received(fd), expected);
	check_text(lines(&l), "stderr to err\n");
	close(fd);
	done(&l);
}

/* Away, then too slow, then there: what was not taken is counted, and said where it is missing. */
static void counts_what_is_not_taken(void)
{
	struct log l = opened(0, false, 0);
	struct log_loss lost;
	int fd, taken = 0;

	unlink(name);
	check(log_targets_add(&l.targets, "web", LOG_JOURNALD, name) == 0);
	say(&l, LOG_STDOUT, "one\ntwo\n");
	check_text(lines(&l), "stdout one\nstdout two\n");
	check(log_dropped(&l, 1, false).bytes == 0 && l.targets.all[0].error == ENOENT);
	fd = listen_at(name);
	say(&l, LOG_STDOUT, "three\n");
	log_flush(&l);
	check(strstr(received(fd), "\nJAIL_STREAM=jailer\nMESSAGE=2 lines (8 bytes) lost: "
				   "they were not taken here\n") != NULL);
	check(strstr(received(fd), "\nMESSAGE=three\n") != NULL);
	lost = log_dropped(&l, 1, false);
	check(lost.lines == 2 && lost.bytes == 8 && log_dropped(&l, 0, false).bytes == 0);
	for (int i = 0; i < 2000; i++)
		say(&l, LOG_STDOUT, "more\n");
	log_flush(&l);
	check(l.targets.all[0].error == EAGAIN);
	while (*received(fd) != '\0')
		taken++;
	lost = log_dropped(&l, 1, true);
	check(taken > 0 && lost.lines + (uint64_t)taken == 2000 && lost.bytes == lost.lines * 5);
	/* Started anew at the same place. */
	close(fd);
	fd = listen_at(name);
	say(&l, LOG_STDOUT, "again\n");
	log_flush(&l);
	check(strstr(received(fd), "MESSAGE=") != NULL && strstr(received(fd), "\nMESSAGE=again\n") != NULL);
	close(fd);
	done(&l);
}

/* A running jail is given other bounds. */
static void takes_other_bounds(void)
{
	struct log l = opened(2, false, 30);
	struct log_bounds b = { .size = 0, .files = 3, .rate = 4, .span = 30 * SECOND };
	char aside[80];

	snprintf(aside, sizeof(aside), "%s.1", path);
	say(&l, LOG_STDOUT, "1\n2\n3\nleft ");
	log_bound(&l, &b);
	check_text(lines(&l), "stdout 1\nstdout 2\njailer 2 lines (7 bytes) left out: log.rate\n");
	/* What is left out of a line is all the rest of it. */
	say(&l, LOG_STDOUT, "out\n4\n5\n6\n7\n8\n");
	check(strstr(lines(&l), "left out: log.rate\nstdout 4\nstdout 5\nstdout 6\nstdout 7\n") != NULL);
	b.rate = 0;
	log_bound(&l, &b);
	say(&l, LOG_STDOUT, "9\n10\n11\n12\n13\n");
	check(strstr(lines(&l), "left out: log.rate\nstdout 9\nstdout 10\n") != NULL && log_timeout(&l) == -1);
	check(access(aside, F_OK) < 0);
	b.size = 100;
	log_bound(&l, &b);
	say(&l, LOG_STDOUT, "new\n");
	check_text(lines(&l), "stdout new\n");
	check(access(aside, F_OK) == 0);
	b.files = 1;
	log_bound(&l, &b);
	check(access(aside, F_OK) < 0);
	b.size = 0;
	b.age = 60;
	log_bound(&l, &b);
	ahead = 61;
	say(&l, LOG_STDOUT, "later\n");
	check_text(lines(&l), "stdout later\n");
	done(&l);
}

int main(void)
{
	check(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/web.log", dir);
	snprintf(name, sizeof(name), "%s/socket", dir);
	srand(7);
	leaves_out_lines();
	leaves_out_bytes();
	takes_other_bounds();
	cuts_endless_lines();
	counts_every_byte();
	says_nothing_in_plain();
	speaks_to_journald();
	speaks_to_syslog();
	counts_what_is_not_taken();
	check(unlink(path) == 0 && unlink(name) == 0 && rmdir(dir) == 0);
	return 0;
}
