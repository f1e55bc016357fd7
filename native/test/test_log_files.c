/* link: test/test_log_files.c jailer/log.c jailer/log_files.c jailer/log_rate.c jailer/log_tell.c jailer/log_to.c jailer/log_write.c jailer/stamp.c jailer/text.c jailer/outside.c jailer/target.c  (rotation by age, and beside compressed files) */
#include "check.h"
#include "log.h"
#include "log_files.h"
#include "stamp.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/test_log_files.XXXXXX";
static char path[64], beside[64];
static time_t ahead;

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	now->tv_sec += ahead;
	return result;
}

static const char *name_of(const char *suffix)
{
	static char name[128];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	return name;
}

static void put(const char *name, const char *text)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && close(fd) == 0);
}

/* "" for none. */
static const char *text_of(const char *name)
{
	static char text[4096];
	int fd = open(name, O_RDONLY | O_NOFOLLOW);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static bool is_there(const char *suffix)
{
	struct stat st;

	return lstat(name_of(suffix), &st) == 0;
}

static ino_t inode_of(const char *suffix)
{
	struct stat st;

	check(stat(name_of(suffix), &st) == 0);
	return st.st_ino;
}

static void clean(void)
{
	char command[96];

	ahead = 0;
	snprintf(command, sizeof(command), "rm -rf %s/* %s/.[a-z]*", dir, dir);
	check(system(command) == 0);
}

static struct log opened(uint64_t max_size, unsigned int max_files)
{
	struct log l;

	check(log_open(&l, path, max_size, max_files, true) == 0);
	return l;
}

static void say(struct log *l, const char *text)
{
	log_take(l, LOG_STDOUT, text, strlen(text));
	log_flush(l);
}

static void done(struct log *l)
{
	close(l->fd);
	munmap(l->out - 64, (size_t)(l->held[1].bytes - l->out) + 64 + LOG_LINE_MAX);
}

static void reads_stamps(void)
{
	char text[STAMP_SECONDS];
	time_t second;

	for (time_t at = 0; at < 400LL * 366 * 86400; at += 3 * 86400 + 3671) {
		stamp_put(text, at);
		check(stamp_read(text, &second) && second == at);
	}
	check(!stamp_read("2026-11-22 03:16:56.", &second));
	check(!stamp_read("2026-13-22T03:16:56.", &second));
}

static void rotates_by_age(void)
{
	struct log l = opened(0, 3);

	l.max_age = 60;
	say(&l, "one\n");
	ahead = 59;
	say(&l, "two\n");
	check(!is_there(".1"));
	ahead = 61;
	check(!is_there(".1"));
	say(&l, "three\n");
	check(strstr(text_of(name_of(".1")), "two\n") != NULL && strstr(text_of(path), "three\n") != NULL);
	check(log_rotated(&l) == inode_of(".1") && log_rotated(&l) == 0);
	done(&l);
	/* Another jailer goes by what the file says. */
	l = opened(0, 3);
	l.max_age = 60;
	ahead += 59;
	say(&l, "four\n");
	check(!is_there(".2"));
	ahead += 2;
	say(&l, "five\n");
	check(strstr(text_of(name_of(".1")), "four\n") != NULL && is_there(".2"));
	done(&l);
	clean();
	/* Plain lines say nothing: it is the file's birth. */
	check(log_open(&l, path, 0, 3, false) == 0);
	say(&l, "plain\n");
	done(&l);
	ahead = 100;
	check(log_open(&l, path, 0, 3, false) == 0);
	l.max_age = 60;
	say(&l, "more\n");
	check_text(text_of(name_of(".1")), "plain\n");
	done(&l);
	clean();
}

static void bears_a_clock_set_back(void)
{
	struct log l = opened(0, 3);

	l.max_age = 60;
	ahead = 100000;
	say(&l, "of the future\n");
	ahead = 0;
	say(&l, "now\n");
	ahead = 59;
	say(&l, "soon\n");
	check(!is_there(".1"));
	ahead = 61;
	say(&l, "later\n");
	check(is_there(".1"));
	done(&l);
	clean();
}

static void shifts_both_forms(void)
{
	struct log l;

	put(path, "current\n");
	put(name_of(".1"), "first\n");
	put(name_of(".2.gz"), "second\n");
	put(name_of(".3"), "third\n");
	check(log_shift(path, 4) == 0);
	check_text(text_of(name_of(".1")), "current\n");
	check_text(text_of(name_of(".2")), "first\n");
	check_text(text_of(name_of(".3.gz")), "second\n");
	check(!is_there("") && !is_there(".2.gz") && !is_there(".3") && !is_there(".4"));
	/* The last one goes in either form. */
	put(path, "newer\n");
	check(log_shift(path, 4) == 0);
	check(is_there(".3") && !is_there(".3.gz") && !is_there(".4") && !is_there(".4.gz"));
	/* A free name ends it. */
	check(unlink(name_of(".2")) == 0);
	put(path, "newest\n");
	check(log_shift(path, 4) == 0);
	check_text(text_of(name_of(".2")), "newer\n");
	check_text(text_of(name_of(".3")), "first\n");
	/* Fewer are asked for; one was left in both forms. */
	put(name_of(".1.gz"), "newest, compressed\n");
	l = opened(0, 2);
	check(!is_there(".1") && is_there(".1.gz") && !is_there(".2") && !is_there(".3"));
	done(&l);
	clean();
}

/* As jaild leaves it: the same owner, mode and time. */
static void compress(const char *name, const char *suffix)
{
	struct stat st;

	put(name, "compressed\n");
	check(stat(name_of(suffix), &st) == 0);
	const struct timespec times[] = { st.st_atim, st.st_mtim };

	check(chmod(name, st.st_mode & 07777) == 0 && utimensat(AT_FDCWD, name, times, 0) == 0);
}

static void takes_compressed_files(void)
{
	const struct timespec soon[] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	struct log l = opened(50, 4);
	ino_t inode;

	say(&l, "one\n");
	say(&l, "two\n");
	say(&l, "three\n");
	inode = inode_of(".2");
	compress(beside, ".2");
	check(log_replace(&l, inode, ".web.log.gz") == 0);
	check_text(text_of(name_of(".2.gz")), "compressed\n");
	check(!is_there(".2") && is_there(".1") && access(beside, F_OK) < 0);
	/* That one is gone; and another one's copy is not its. */
	compress(beside, ".1");
	check(log_replace(&l, inode, ".web.log.gz") == -1 && errno == ENOENT);
	say(&l, "four\n");
	inode = inode_of(".1");
	check(log_replace(&l, inode, ".web.log.gz") == -1 && errno == EINVAL && is_there(".1"));
	/* The one that is written is not put aside. */
	compress(beside, "");
	check(log_replace(&l, inode_of(""), ".web.log.gz") == -1 && errno == ENOENT);
	/* Half of a copy has another time; a link, another name. */
	compress(beside, ".1");
	check(utimensat(AT_FDCWD, beside, soon, 0) == 0);
	check(log_replace(&l, inode, ".web.log.gz") == -1 && errno == EINVAL);
	compress(beside, ".1");
	check(chmod(beside, 0666) == 0 && log_replace(&l, inode, ".web.log.gz") == -1 && errno == EINVAL);
	check(unlink(beside) == 0 && symlink(name_of(".1"), beside) == 0);
	check(log_replace(&l, inode, ".web.log.gz") == -1 && errno == EINVAL);
	check(log_replace(&l, inode, "../web.log.gz") == -1 && errno == EINVAL);
	check(log_replace(&l, inode, ".x/web.log.gz") == -1 && errno == EINVAL);
	check(log_replace(&l, inode, "web.log.3") == -1 && errno == EINVAL);
	check(is_there(".1") && !is_there(".1.gz"));
	done(&l);
	clean();
}

/* Every byte of all files together, compressed ones among them, at every moment. */
static void keeps_to_the_bound(void)
{
	struct log l = opened(4000, 3);
	char line[200];

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 200; i++) {
		static const char *const suffixes[] = { "", ".1", ".2", ".3", ".1.gz", ".2.gz", ".3.gz" };
		struct stat st;
		off_t all = 0;

		log_take(&l, LOG_STDOUT, line, sizeof(line));
		log_flush(&l);
		for (size_t s = 0; s < sizeof(suffixes) / sizeof(suffixes[0]); s++)
			all += lstat(name_of(suffixes[s]), &st) == 0 ? st.st_size : 0;
		check(all <= 12000);
		if (i % 30 == 25) {
			compress(beside, ".1");
			check(log_replace(&l, inode_of(".1"), ".web.log.gz") == 0);
		}
	}
	done(&l);
	clean();
}

int main(void)
{
	check(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/web.log", dir);
	snprintf(beside, sizeof(beside), "%s/.web.log.gz", dir);
	reads_stamps();
	rotates_by_age();
	bears_a_clock_set_back();
	shifts_both_forms();
	takes_compressed_files();
	keeps_to_the_bound();
	check(rmdir(dir) == 0);
	return 0;
}
