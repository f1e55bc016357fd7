/* link: test/test_log.c jailer/log.c jailer/log_files.c jailer/log_rate.c jailer/log_tell.c jailer/log_to.c jailer/log_write.c jailer/stamp.c jailer/text.c jailer/outside.c jailer/target.c  (with -Ijailer; needs root for the full disk, in a mount namespace of its own) */
#define _GNU_SOURCE
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEAD 35
#define SIZE (4 << 20)

struct text {
	char *bytes;
	size_t n;
};

static char dir[] = "/tmp/test_log.XXXXXX";
static char path[64];
static int count, failed;

/* The log's clock: the tests do not wait for seconds to pass. */
static time_t pretended, ahead;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	now->tv_sec = pretended ? pretended : now->tv_sec + ahead;
	return result;
}

static void check(bool holds, const char *statement)
{
	printf("%sok %d - %s\n", holds ? "" : "not ", ++count, statement);
	fflush(stdout);
	failed |= !holds;
}

static void clean(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -rf %s/*", dir);
	if (system(command) != 0)
		abort();
}

static struct log opened(uint64_t max_size, unsigned int max_files, bool timestamps)
{
	struct log l;

	clean();
	if (log_open(&l, path, max_size, max_files, timestamps) < 0) {
		perror(path);
		exit(1);
	}
	return l;
}

static void done(struct log *l)
{
	if (l->fd >= 0)
		close(l->fd);
	munmap(l->out - 64, (size_t)(l->held[1].bytes - l->out) + 64 + LOG_LINE_MAX);
}

static void say(struct log *l, enum log_stream s, const char *text)
{
	log_take(l, s, text, strlen(text));
}

static struct text file(const char *name)
{
	struct text t = { .bytes = calloc(1, SIZE + 1) };
	int fd = open(name, O_RDONLY | O_NOFOLLOW);
	ssize_t n;

	while (fd >= 0 && (n = read(fd, t.bytes + t.n, SIZE - t.n)) > 0)
		t.n += (size_t)n;
	if (fd >= 0)
		close(fd);
	return t;
}

static bool file_is(const char *name, const char *bytes, size_t n)
{
	struct text t = file(name);
	bool same = t.n == n && memcmp(t.bytes, bytes, n) == 0;

	free(t.bytes);
	return same;
}

/* The oldest file first, as if nothing had been rotated. */
static struct text all_files(unsigned int files)
{
	struct text all = { .bytes = calloc(1, SIZE) };

	for (unsigned int n = files; n-- > 0;) {
		char name[80];
		struct text t;

		snprintf(name, sizeof(name), n ? "%s.%u" : "%s", path, n);
		t = file(name);
		memcpy(all.bytes + all.n, t.bytes, t.n);
		all.n += t.n;
		free(t.bytes);
	}
	return all;
}

/* What one stream printed, read back from stamped records. False when a record has another form. */
static bool read_back(struct text records, const char *stream, struct text *into)
{
	*into = (struct text){ .bytes = calloc(1, SIZE) };
	for (char *at = records.bytes, *end = at + records.n; at < end;) {
		char *next = memchr(at, '\n', (size_t)(end - at));
		bool goes_on = next && at[HEAD - 1] == '+';
		char *text = at + HEAD + goes_on;

		if (!next || at[26] != 'Z' || at[10] != 'T' || text[-1] != ' ')
			return false;
		if (memcmp(at + 28, stream, 6) == 0) {
			memcpy(into->bytes + into->n, text, (size_t)(next + !goes_on - text));
			into->n += (size_t)(next + !goes_on - text);
		}
		at = next + 1;
	}
	return true;
}

static bool same(struct text a, struct text b)
{
	return a.n == b.n && memcmp(a.bytes, b.bytes, a.n) == 0;
}

static void test_timestamp(void)
{
	struct log l = opened(0, 1, true);
	time_t before = time(NULL), printed;
	struct tm tm = { 0 };
	struct text t;
	char *rest;

	say(&l, LOG_STDOUT, "hello\n");
	log_flush(&l);
	t = file(path);
	rest = strptime(t.bytes, "%Y-%m-%dT%H:%M:%S.", &tm);
	printed = timegm(&tm);
	check(rest && printed >= before && printed <= time(NULL), "the time is now, in UTC");
	check(rest && strspn(rest, "0123456789") == 6 && strcmp(rest + 6, "Z stdout hello\n") == 0,
	      "microseconds, stream and text follow");
	free(t.bytes);
	done(&l);
}

/* Over leap years and centuries, against the C library. */
static void test_dates(void)
{
	struct log l = opened(0, 1, true);
	const int64_t step = 3 * 86400 + 3671, steps = 50000;
	struct text t;
	bool equal = true;

	for (int64_t i = 0; i < steps; i++) {
		pretended = i * step;
		say(&l, LOG_STDOUT, "\n");
	}
	pretended = 0;
	log_flush(&l);
	t = file(path);
	for (int64_t i = 0; i < steps; i++) {
		time_t second = i * step;
		struct tm tm;
		char expected[32];

		strftime(expected, sizeof(expected), "%FT%T.", gmtime_r(&second, &tm));
		/* 0 asks for the real time. */
		equal &= i == 0 || memcmp(t.bytes + i * (HEAD + 1), expected, 20) == 0;
	}
	check(t.n == steps * (HEAD + 1) && equal, "dates are right for four centuries");
	free(t.bytes);
	done(&l);
}

static void test_pieces(void)
{
	struct log l = opened(0, 1, true);
	struct text t, out, err;

	say(&l, LOG_STDOUT, "one ");
	log_flush(&l);
	t = file(path);
	check(t.n == 0, "a line without its end is not written");
	free(t.bytes);
	say(&l, LOG_STDERR, "err");
	say(&l, LOG_STDOUT, "line\ntwo");
	say(&l, LOG_STDERR, "or\n\n");
	log_end(&l, LOG_STDOUT);
	log_end(&l, LOG_STDERR);
	log_flush(&l);
	t = file(path);
	check(read_back(t, "stdout", &out) && out.n == 12 && !memcmp(out.bytes, "one line\ntwo", 12),
	      "pieces of a line are joined, each stream by itself");
	check(read_back(t, "stderr", &err) && err.n == 7 && !memcmp(err.bytes, "error\n\n", 7),
	      "an empty line is a record");
	check(strstr(t.bytes, " stdout+ two\n") && !strstr(t.bytes, "stderr+"),
	      "only the line that had not ended is flagged");
	free(t.bytes);
	free(out.bytes);
	free(err.bytes);
	done(&l);
}

static void test_long_lines(void)
{
	static char line[2 * LOG_LINE_MAX + 2];
	struct log l = opened(0, 1, true);
	struct text t, out;
	char *second;

	memset(line, 'x', sizeof(line));
	line[LOG_LINE_MAX] = '\n';
	log_take(&l, LOG_STDOUT, line, LOG_LINE_MAX);
	log_take(&l, LOG_STDOUT, line + LOG_LINE_MAX, 1);
	log_flush(&l);
	t = file(path);
	check(t.n == HEAD + LOG_LINE_MAX + 1 && !strstr(t.bytes, "stdout+"),
	      "a line of 16 KiB is one record");
	free(t.bytes);
	line[LOG_LINE_MAX] = 'x';
	line[LOG_LINE_MAX + 1] = '\n';
	log_take(&l, LOG_STDOUT, line, LOG_LINE_MAX + 2);
	log_flush(&l);
	t = file(path);
	second = t.bytes + HEAD + LOG_LINE_MAX + 1;
	check(t.n == 3 * HEAD + 2 * LOG_LINE_MAX + 5 && second[HEAD - 1] == '+' &&
	      strstr(second, " stdout x\n"), "one more byte makes two records, the first flagged");
	check(read_back(t, "stdout", &out) && out.n == 2 * LOG_LINE_MAX + 3,
	      "joined again they are the same bytes");
	free(out.bytes);
	free(t.bytes);
	done(&l);
}

/* Any bytes in pieces of any size; what is read back from the files must be what was said. */
static bool survives(bool newlines, uint64_t max_size, unsigned int files, size_t total)
{
	struct log l = opened(max_size, files, true);
	struct text said[2] = { { calloc(1, SIZE), 0 }, { calloc(1, SIZE), 0 } }, got[2], t;
	bool equal = true, fits = true;

	while (said[0].n + said[1].n < total) {
		int s = rand() % 2;
		size_t n = (size_t)(rand() % (rand() % 8 ? 300 : 70000));
		char *at = said[s].bytes + said[s].n;

		for (size_t i = 0; i < n; i++)
			at[i] = (char)(newlines && rand() % 60 == 0 ? '\n' : rand() % 256);
		log_take(&l, (enum log_stream)s, at, n);
		said[s].n += n;
		if (rand() % 3 == 0)
			log_flush(&l);
	}
	log_end(&l, LOG_STDOUT);
	log_end(&l, LOG_STDERR);
	log_flush(&l);
	for (unsigned int n = 0; n < files && max_size; n++) {
		char name[80];
		struct stat st = { 0 };

		snprintf(name, sizeof(name), n ? "%s.%u" : "%s", path, n);
		stat(name, &st);
		fits &= (uint64_t)st.st_size <= max_size;
	}
	t = all_files(files);
	for (int s = 0; s < 2; s++) {
		equal &= read_back(t, s ? "stderr" : "stdout", &got[s]) && same(said[s], got[s]);
		free(got[s].bytes);
		free(said[s].bytes);
	}
	free(t.bytes);
	done(&l);
	return equal && fits;
}

static void test_any_bytes(void)
{
	bool all = true;

	for (int i = 0; i < 8; i++)
		all &= survives(i % 2, 0, 1, 1000000);
	check(all, "any bytes in pieces of any size come back the same");
	all = true;
	for (int i = 0; i < 8; i++)
		all &= survives(i % 2, 20000 + (uint64_t)(rand() % 50000), 180, 1000000);
	check(all, "rotation loses nothing, doubles nothing, splits no record, keeps to the size");
}

static void test_file_count(void)
{
	struct log l = opened(1000, 3, true);
	char name[80];
	struct text t;
	int newest = 0;

	for (int i = 0; i < 1000; i++) {
		char line[40];

		snprintf(line, sizeof(line), "line %d\n", i);
		say(&l, LOG_STDOUT, line);
	}
	log_flush(&l);
	t = all_files(3);
	snprintf(name, sizeof(name), "%s.3", path);
	check(access(name, F_OK) < 0, "no more files than asked for are kept");
	if (t.n > 9)
		sscanf(t.bytes + t.n - 9, "line %d", &newest);
	check(newest == 999, "the newest line is in the newest file");
	free(t.bytes);
	done(&l);

	l = opened(1000, 1, true);
	for (int i = 0; i < 1000; i++)
		say(&l, LOG_STDOUT, "text\n");
	log_flush(&l);
	snprintf(name, sizeof(name), "%s.1", path);
	t = file(path);
	check(t.n > 0 && t.n <= 1000 && access(name, F_OK) < 0, "one file alone is begun anew");
	free(t.bytes);
	done(&l);
}

static void test_rotation_refused(void)
{
	struct log l = opened(1000, 2, true);
	char name[80];
	struct text t, out;

	snprintf(name, sizeof(name), "%s.1", path);
	mkdir(name, 0700);
	for (int i = 0; i < 100; i++)
		say(&l, LOG_STDOUT, "text\n");
	log_flush(&l);
	t = file(path);
	check(read_back(t, "stdout", &out) && out.n == 500,
	      "where files cannot be renamed the lines stay in one file");
	rmdir(name);
	free(t.bytes);
	free(out.bytes);
	done(&l);
}

static void test_plain(void)
{
	static const char bytes[] = "a\0b\r\n\n\xff\xfe tail";
	static char line[LOG_LINE_MAX + 1];
	struct log l = opened(0, 1, false);
	struct text t;

	log_take(&l, LOG_STDOUT, bytes, 4);
	log_take(&l, LOG_STDOUT, bytes + 4, sizeof(bytes) - 5);
	log_end(&l, LOG_STDOUT);
	log_flush(&l);
	check(file_is(path, bytes, sizeof(bytes) - 1), "plain: the bytes alone, as they are");
	done(&l);
	if (log_open(&l, path, 0, 1, false) < 0)
		abort();
	say(&l, LOG_STDOUT, "next\n");
	log_flush(&l);
	t = file(path);
	check(strstr(t.bytes + 2, " tail\nnext\n") != NULL,
	      "a file that ends in the middle of a line is continued on a new one");
	free(t.bytes);
	done(&l);

	l = opened(0, 1, false);
	memset(line, 'x', sizeof(line));
	log_take(&l, LOG_STDOUT, line, sizeof(line));
	say(&l, LOG_STDERR, "err\n");
	say(&l, LOG_STDOUT, "y\n");
	log_flush(&l);
	t = file(path);
	check(t.n == LOG_LINE_MAX + 1 + 4 + 3 && !strcmp(t.bytes + LOG_LINE_MAX, "\nerr\nxy\n"),
	      "plain: a line of the other stream does not stick to a long unfinished one");
	free(t.bytes);
	done(&l);
}

static bool plain_survives(void)
{
	uint64_t max_size = 40000;
	struct log l = opened(max_size, 180, false);
	struct text said = { calloc(1, SIZE), 0 }, t;
	bool equal;

	while (said.n < 1000000) {
		size_t n = (size_t)(rand() % (rand() % 8 ? 300 : 70000));
		char *at = said.bytes + said.n;

		for (size_t i = 0; i < n; i++)
			at[i] = (char)(rand() % 60 == 0 ? '\n' : rand() % 256);
		log_take(&l, LOG_STDOUT, at, n);
		said.n += n;
	}
	log_end(&l, LOG_STDOUT);
	log_flush(&l);
	t = all_files(180);
	equal = same(said, t);
	free(said.bytes);
	free(t.bytes);
	done(&l);
	return equal;
}

static void test_symlinks(void)
{
	struct log l;
	char target[64];

	clean();
	snprintf(target, sizeof(target), "%s/target", dir);
	if (symlink(target, path) < 0)
		abort();
	errno = 0;
	check(log_open(&l, path, 0, 1, true) < 0 && errno == ELOOP && access(target, F_OK) < 0,
	      "a symbolic link is refused");
	clean();
	mkfifo(path, 0600);
	check(log_open(&l, path, 0, 1, true) < 0 && errno == EINVAL, "a FIFO is refused");

	l = opened(0, 1, true);
	say(&l, LOG_STDOUT, "one\n");
	log_flush(&l);
	unlink(path);
	if (symlink(target, path) < 0)
		abort();
	ahead++;
	say(&l, LOG_STDOUT, "lost\n");
	say(&l, LOG_STDERR, "lost too\n");
	log_flush(&l);
	check(access(target, F_OK) < 0 && l.dropped.bytes == 14 && log_dropped(&l, 0, false).bytes == 0,
	      "a link put there later is not written through, what is dropped is counted");
	unlink(path);
	ahead++;
	say(&l, LOG_STDOUT, "back\n");
	log_flush(&l);
	check(file_is(path, "", 0) == false && log_dropped(&l, 0, false).bytes == 14 &&
	      log_dropped(&l, 0, false).bytes == 0,
	      "when writing works again the number is told, once");
	done(&l);
}

/* A jail owns what is behind the double slash. */
static void test_jailed_directory(void)
{
	char jail[80], elsewhere[80], marked[80], text[120];
	struct log l;

	snprintf(jail, sizeof(jail), "%s/jail", dir);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	snprintf(marked, sizeof(marked), "%s//jail/log", dir);
	snprintf(text, sizeof(text), "%s/old", dir);
	mkdir(jail, 0755);
	mkdir(elsewhere, 0755);
	check(log_open(&l, marked, 40, 2, false) == 0, "a log in a jail's directory is opened");
	log_take(&l, LOG_STDOUT, "in the jail\n", 12);
	log_flush(&l);
	rename(jail, text);
	symlink(elsewhere, jail);
	ahead += 2;
	for (int i = 0; i < 20; i++) {
		log_take(&l, LOG_STDOUT, "by the link\n", 12);
		log_flush(&l);
	}
	check(rmdir(elsewhere) == 0, "no write and no rotation follows a link there");
	unlink(jail);
	rename(text, jail);
	check(log_reopen(&l) == 0, "it goes on when the link is gone");
	for (int i = 0; i < 10; i++) {
		log_take(&l, LOG_STDOUT, "in the jail\n", 12);
		log_flush(&l);
	}
	snprintf(text, sizeof(text), "%s/jail/log.1", dir);
	check(unlink(text) == 0, "and is rotated there");
	snprintf(text, sizeof(text), "%s/jail/log", dir);
	unlink(text);
	rmdir(jail);
	done(&l);
}

static void test_taken_away(void)
{
	struct log l = opened(0, 1, false);
	char name[80];

	say(&l, LOG_STDOUT, "one\n");
	log_flush(&l);
	unlink(path);
	ahead++;
	say(&l, LOG_STDOUT, "two\n");
	log_flush(&l);
	check(file_is(path, "two\n", 4), "a removed file is made again within a second");
	snprintf(name, sizeof(name), "%s.old", path);
	rename(path, name);
	say(&l, LOG_STDOUT, "three\n");
	check(log_reopen(&l) == 0, "the path can be opened again");
	say(&l, LOG_STDOUT, "four\n");
	log_flush(&l);
	check(file_is(name, "two\nthree\n", 10) && file_is(path, "four\n", 5),
	      "what came before reopening is in the old file, what comes after in the new");
	done(&l);
}

static bool tmpfs_mounted(const char *where)
{
	mkdir(where, 0700);
	return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", where, "tmpfs", 0, "size=200k") == 0;
}

static void fill(const char *name, size_t n)
{
	static char zeros[4096];
	int fd = open(name, O_WRONLY | O_CREAT, 0600);

	for (; n > 0; n -= sizeof(zeros))
		if (write(fd, zeros, sizeof(zeros)) < 0)
			break;
	close(fd);
}

/* In a child, so that the mount namespace ends with it. */
static int full_disk(bool timestamps)
{
	static char place[64], ballast[80], log_path[80], line[1000];
	struct log l;
	struct text t, out;
	uint64_t dropped, said = 0;
	bool torn;

	snprintf(place, sizeof(place), "%s/full", dir);
	snprintf(ballast, sizeof(ballast), "%s/ballast", place);
	snprintf(log_path, sizeof(log_path), "%s/web.log", place);
	if (!tmpfs_mounted(place))
		return 2;
	fill(ballast, 100 * 1024);
	if (log_open(&l, log_path, 0, 1, timestamps) < 0)
		return 3;
	for (int i = 0; i < 400; i++) {
		size_t n = 1 + (size_t)(rand() % 999);

		memset(line, 'a' + i % 26, n);
		line[n - 1] = '\n';
		log_take(&l, LOG_STDOUT, line, n);
		said += n;
		if (i % 3 == 0)
			log_flush(&l);
		t = file(log_path);
		torn = t.n > 0 && t.bytes[t.n - 1] != '\n';
		free(t.bytes);
		if (torn)
			return 4;
	}
	log_flush(&l);
	if (log_dropped(&l, 0, false).bytes != 0 || l.dropped.bytes == 0)
		return 5;
	unlink(ballast);
	log_take(&l, LOG_STDOUT, "end\n", 4);
	log_flush(&l);
	said += 4;
	dropped = log_dropped(&l, 0, false).bytes;
	t = file(log_path);
	out = t;
	if (timestamps && !read_back(t, "stdout", &out))
		return 6;
	if (strcmp(out.bytes + out.n - 4, "end\n") != 0)
		return 7;
	return dropped > 0 && out.n + dropped == said ? 0 : 8;
}

static int in_child(int (*run)(bool), bool argument)
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		_exit(run(argument));
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_full_disk(void)
{
	int stamped, plain;

	clean();
	stamped = in_child(full_disk, true);
	plain = in_child(full_disk, false);
	if (stamped || plain)
		printf("# stamped: step %d, plain: step %d\n", stamped, plain);
	check(stamped == 0, "a full disk drops whole lines, every byte is in the file or counted");
	check(plain == 0, "plain: the same");
}

static size_t resident(const struct log *l)
{
	unsigned char pages[64] = { 0 };
	char *map = l->out - 64;
	size_t n = 0, length = (size_t)(l->held[1].bytes - map) + LOG_LINE_MAX;

	if (mincore(map, length, pages) < 0)
		abort();
	for (size_t i = 0; i < length / 4096; i++)
		n += pages[i] & 1;
	return n;
}

static void test_memory(void)
{
	static char bytes[60000];
	struct log l = opened(0, 1, true);

	check(resident(&l) == 0, "a log that was never written to uses no memory");
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 79; i < sizeof(bytes); i += 80)
		bytes[i] = '\n';
	log_take(&l, LOG_STDOUT, bytes, sizeof(bytes));
	log_flush(&l);
	check(log_busy(&l) && resident(&l) > 10, "memory is kept while output comes fast");
	log_flush(&l);
	check(!log_busy(&l) && resident(&l) <= 2, "and given back after");
	done(&l);
}

int main(void)
{
	if (!mkdtemp(dir))
		return 1;
	snprintf(path, sizeof(path), "%s/web.log", dir);
	srand(7);
	test_timestamp();
	test_dates();
	test_pieces();
	test_long_lines();
	test_any_bytes();
	test_file_count();
	test_rotation_refused();
	test_plain();
	check(plain_survives(), "plain: rotated files joined are what was said");
	test_symlinks();
	test_jailed_directory();
	test_taken_away();
	test_full_disk();
	test_memory();
	clean();
	rmdir(dir);
	printf("1..%d\n", count);
	return failed;
}
