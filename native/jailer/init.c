#include "init.h"
#include "answers.h"
#include "build.h"
#include "calls.h"
#include "caps.h"
#include "cgroups.h"
#include "channel.h"
#include "commands.h"
#include "enter.h"
#include "filter.h"
#include "landlock.h"
#include "minder.h"
#include "streams.h"
#include "title.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <linux/netlink.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

/* Waits for one order; a jail may be told to end before it is built. */
static int await(enum order_type type, struct order *order, int *fds)
{
	int count;

	do {
		count = TREES_MAX;
		if (channel_receive(INIT_CHANNEL, order, sizeof(*order), fds, &count, NULL, 0) != 1)
			_exit(1);
		if (order->type == ORDER_SIGNAL && ends_jail(order->number)) {
			struct note note = { .type = NOTE_END, .how = HOW_SIGNAL, .number = order->number };

			channel_send(INIT_CHANNEL, &note, sizeof(note), NULL, 0);
			_exit(0);
		}
	} while (order->type != type);
	return count;
}

/* Before anything is allocated that the jail's limits should count. */
static void join_cgroups(const struct plan *plan, bool joined)
{
	const char *refused = cgroups_join(plan, joined);

	if (refused != NULL)
		build_fail(INIT_CHANNEL, STEP_CGROUP, refused);
}

/* jaild configures the jail's network through this socket, however the jail was entered. */
static void send_netlink(const struct plan *plan)
{
	struct note note = { .type = NOTE_NETLINK };
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int fd;

	if ((plan->namespaces & CLONE_NEWNET) == 0)
		return;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	/* Bound here it is called 1 in the jail's /proc/net/netlink; later, by jaild's PID on the host. */
	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) < 0 ||
	    channel_send(INIT_CHANNEL, &note, sizeof(note), &fd, 1) < 0)
		build_fail(INIT_CHANNEL, STEP_NETLINK, "");
	close(fd);
}

/* One for all of the jail, with nothing in it of whoever has started the jailer. */
static void make_keyring(void)
{
	/* A kernel without keyrings has none to leave behind; nor has a host that may not use them. */
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0 && errno != ENOSYS &&
	    errno != EPERM)
		build_fail(INIT_CHANNEL, STEP_LOCK, "keyring");
}

/*
 * A second wall behind the mounts: a directory of the host that comes in by whatever way leads nowhere,
 * nor does an abstract socket of the host where the network is the host's.
 */
static void raise_landlock(const struct plan *plan, int queues)
{
	uint64_t files = plan->landlock_files ? LANDLOCK_ALL_FILES : 0;
	struct landlock_place places[2] = { { .fd = -1 } };
	int count = 0;

	if (!plan->landlock_scopes)
		return;
	places[count++].fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	places[count].fd = queues;
	if (places[count].fd >= 0)
		count++;
	for (int i = 0; i < count; i++)
		places[i].rights = LANDLOCK_ALL_FILES;
	if (landlock_restrict(files, LANDLOCK_ABSTRACT_SOCKETS | LANDLOCK_SIGNALS, places, count) < 0)
		build_fail(INIT_CHANNEL, STEP_LOCK, "landlock");
	for (int i = 0; i < count; i++)
		close(places[i].fd);
}

/*
 * From here on init is no more than one of its commands, which inherit it all: they are to be reaped,
 * signalled and started as their user, and nothing else.
 */
static void give_up_privileges(const struct plan *plan, int queues)
{
	uint64_t kept = entry_caps(plan);

	make_keyring();
	raise_landlock(plan, queues);
	if (caps_bound(kept) < 0)
		build_fail(INIT_CHANNEL, STEP_LOCK, "bounding set");
	if (plan->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		build_fail(INIT_CHANNEL, STEP_NO_NEW_PRIVS, "");
	/* Without no_new_privs it takes CAP_SYS_ADMIN, which goes next. */
	if (plan->seccomp_init && filter_load() < 0)
		build_fail(INIT_CHANNEL, STEP_SECCOMP, plan->seccomp);
	if (caps_set(kept) < 0)
		build_fail(INIT_CHANNEL, STEP_LOCK, "capabilities");
	/* Last: a change of credentials resets both. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		build_fail(INIT_CHANNEL, STEP_LOCK, "");
}

/* Before the privileges go; whatever runs in the jail has its filter from here. */
static void have_calls_answered(const struct plan *plan)
{
	struct note note = { .type = NOTE_LISTENER };
	int fd;

	if (!answers_wanted(plan))
		return;
	fd = answers_load(plan);
	if (fd < 0 || channel_send(INIT_CHANNEL, &note, sizeof(note), &fd, 1) < 0)
		build_fail(INIT_CHANNEL, STEP_ANSWERS, "");
	close(fd);
}

static void tell_built(void)
{
	struct note note = { .type = NOTE_BUILT };

	channel_send(INIT_CHANNEL, &note, sizeof(note), NULL, 0);
}

/* Blocked signals stay pending even for PID 1: none is lost before it is read. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static int watch_signals(void)
{
	sigset_t watched;

	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, MINDER_ENDED);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	sigaddset(&watched, SIGHUP);
	sigaddset(&watched, SIGQUIT);
	return signalfd(-1, &watched, SFD_CLOEXEC);
}

_Noreturn void init(struct plan *plan, int channel, const int outputs[2], bool joined)
{
	struct order order;
	int fds[TREES_MAX];
	int count, queues;

	prctl(PR_SET_NAME, "init", 0, 0, 0);
	title_set("init");
	streams_arrange(channel, outputs);
	block_signals();
	join_cgroups(plan, joined);
	send_netlink(plan);
	await(ORDER_MAPPED, &order, fds);
	build_prepare(plan, INIT_CHANNEL);
	count = await(ORDER_TREES, &order, fds);
	queues = build_inside(plan, INIT_CHANNEL, &order, fds, count);
	streams_settle(plan);
	have_calls_answered(plan);
	give_up_privileges(plan, queues);
	sys_close_range(INIT_CHANNEL + 1, 0);
	tell_built();
	commands_run(plan, watch_signals());
}
