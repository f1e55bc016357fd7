#include "check.h"
#include "jail.h"
#include "jail_tests.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const kinds[] = { "user", "net", "pid", "mnt", "uts", "ipc", "cgroup" };
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), STAYING = 2 };

/* Holds the network namespace of a jail, as jaild does. */
struct remains {
	char file[80];
	ino_t inodes[KINDS];
	int held[KINDS];	/* the namespaces, whose numbers would be given out anew otherwise */
};

/* Quotas that let no more namespaces be made, as jaild sets them. */
static void be_frugal(struct jail *jail)
{
	static const char *const quotas[] = { "user", "pid", "net", "uts", "ipc", "cgroup" };
	char name[48];

	for (size_t i = 0; i < sizeof(quotas) / sizeof(quotas[0]); i++) {
		snprintf(name, sizeof(name), "user.max_%s_namespaces", quotas[i]);
		plan_add(jail, "sysctl", name, "0", NULL);
	}
	plan_add(jail, "sysctl", "user.max_mnt_namespaces", "8", NULL);
}

static void usual(struct jail *jail)
{
	jail_prepare(jail);
	plan_usual(jail);
	be_frugal(jail);
}

static void look(const struct jail *jail, struct remains *seen)
{
	char path[64];
	struct stat st;

	for (int i = 0; i < KINDS; i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", jail->init, kinds[i]);
		seen->held[i] = open(path, O_RDONLY | O_CLOEXEC);
		check(seen->held[i] >= 0 && fstat(seen->held[i], &st) == 0);
		seen->inodes[i] = st.st_ino;
	}
}

static void forget(const struct remains *seen)
{
	for (int i = 0; i < KINDS; i++)
		close(seen->held[i]);
}

static void await(struct jail *jail, const char *type)
{
	struct event e;

	check(jail_await(jail, type, &e));
}

/* Lives one life of a jail, kills it, and keeps its network namespace. */
static void live_before(struct jail *jail, struct remains *left)
{
	char path[64];
	int fd;

	snprintf(left->file, sizeof(left->file), "%s.netns", jail->dir);
	fd = open(left->file, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0444);
	check(fd >= 0 && close(fd) == 0);
	plan_add(jail, "run", "command", "0", "2", "sleep", "1000", NULL);
	jail_start(jail, true);
	await(jail, "running");
	look(jail, left);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", jail->init);
	check(mount(path, left->file, NULL, MS_BIND, NULL) == 0);
	check(kill(jail->init, SIGKILL) == 0);
	await(jail, "exited");
	check(jail_end(jail) == 0);
}

/* A jail that was there before, and one that is not started yet. */
static void come_back(struct jail *again, struct remains *left)
{
	struct jail before;

	usual(&before);
	live_before(&before, left);
	usual(again);
}

static void let_go(const struct remains *left)
{
	forget(left);
	check(umount2(left->file, MNT_DETACH) == 0 && unlink(left->file) == 0);
}

/* `again` is given what is left, runs, and is all new but for the namespaces that stay. */
static void live_again(struct jail *again, const struct remains *left)
{
	struct remains now;

	plan_add(again, "netns", left->file, NULL);
	plan_add(again, "run", "command", "0", "2", "sleep", "1000", NULL);
	jail_start(again, true);
	await(again, "running");
	look(again, &now);
	for (int i = 0; i < KINDS; i++)
		check((now.inodes[i] == left->inodes[i]) == (i < STAYING));
	forget(&now);
}

static void end(struct jail *jail)
{
	jail_say(jail->monitor, "kill", NULL);
	await(jail, "exited");
	check(is_gone(jail->init));
	check(jail_end(jail) == 0);
}

static void keeps_two_namespaces(void)
{
	struct remains left;
	struct jail again;

	come_back(&again, &left);
	live_again(&again, &left);
	end(&again);
	let_go(&left);
}

/* What a jail shows of itself that it should not owe to an earlier life. */
static const char *const show =
	"id; cat /proc/self/uid_map /proc/self/projid_map; hostname; echo /proc/[0-9]*;"
	"grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status; wc -l </proc/self/mountinfo;"
	"cat /proc/self/cgroup /proc/self/oom_score_adj; cd /proc/sys/user; grep . *;"
	"stat -c '%A %u %g %n' /dev/* /proc/sys/net/ipv4/*; echo /proc/self/fd/*;"
	"for kind in i U n; do unshare -$kind true 2>&1; done; true";

static void differs_in_nothing_else(void)
{
	static char first[1 << 16];
	struct remains left;
	struct jail before, again;

	usual(&before);
	snprintf(first, sizeof(first), "%s", jail_output(&before, show));
	check(jail_end(&before) == 0);
	come_back(&again, &left);
	plan_add(&again, "netns", left.file, NULL);
	check_text(jail_output(&again, show), first);
	check(jail_end(&again) == 0);
	let_go(&left);
}

static void dies_with_its_jailer(void)
{
	struct remains left;
	struct jail again;

	come_back(&again, &left);
	live_again(&again, &left);
	check(kill(again.jailer, SIGKILL) == 0);
	for (int i = 0; i < 6000 && !is_gone(again.init); i++)
		usleep(10000);
	check(is_gone(again.init));
	jail_end(&again);
	let_go(&left);
}

static void shares_the_users_of_the_host(void)
{
	struct remains left;
	struct jail before, again;

	for (struct jail *jail = &before;; jail = &again) {
		jail_prepare(jail);
		plan_add(jail, "version", "1", "name", "web", "launch", "00", "rundir", jail->dir,
			 "namespaces", "mount,uts,ipc,pid,net,cgroup", "root", jail->root, "",
			 "mount", "proc", "proc", "proc", "", "env", "PATH=/bin", NULL);
		if (jail == &again)
			break;
		live_before(jail, &left);
	}
	live_again(&again, &left);
	end(&again);
	let_go(&left);
}

static void expect_error(const char *netns, int error)
{
	char text[4200], expected[256];
	struct jail jail;
	struct event e;

	usual(&jail);
	plan_add(&jail, "netns", netns, "run", "command", "0", "1", "true", NULL);
	jail_start(&jail, true);
	check(jail_await(&jail, "error", &e));
	snprintf(expected, sizeof(expected), "error netns %s %d", netns, error);
	check_text(event_text(&e, text, sizeof(text)), expected);
	check(jail_await(&jail, "exited", &e));
	check(jail_end(&jail) == 0);
}

static void names_what_is_not_there(void)
{
	expect_error("/run/nothing.of.that.name", ENOENT);
	expect_error("/bin/true", ENOTTY);
	/* That of the host is no jail's: nobody can enter his own user namespace anew. */
	expect_error("/proc/1/ns/net", ELOOP);
	expect_error("/proc/self/root/bin/true", ENOTTY);
}

const struct test again_tests[] = {
	{ "a jail lives on in the network and user namespaces of before", keeps_two_namespaces },
	{ "a jail that lives again differs in nothing else", differs_in_nothing_else },
	{ "a jail that lives again dies with its jailer", dies_with_its_jailer },
	{ "a jail with the users of the host lives again", shares_the_users_of_the_host },
	{ "namespaces of before that are gone are named", names_what_is_not_there },
	{ NULL, NULL },
};
