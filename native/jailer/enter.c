#include "enter.h"
#include "calls.h"
#include "caps.h"
#include "filter.h"
#include "passwd.h"
#include "text.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* No allocation, no stdio, no return: a failed call ends here. */
_Noreturn static void fail(const struct entry *e, enum step step)
{
	struct report r = { .step = step, .error = errno };

	_exit(write(e->report, &r, sizeof(r)) == (ssize_t)sizeof(r) ? 1 : 2);
}

void env_put(char **env, size_t *count, char *entry)
{
	size_t n = strcspn(entry, "=") + 1;
	size_t i = 0;

	while (i < *count && strncmp(env[i], entry, n) != 0)
		i++;
	env[i] = entry;
	if (i == *count)
		env[++*count] = NULL;
}

int open_null(void)
{
	int fd = sys_openat2(AT_FDCWD, "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK,
			     RESOLVE_NO_SYMLINKS);
	struct stat st;
	int ends[2];

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
	    st.st_rdev == makedev(1, 3) && fcntl(fd, F_SETFL, O_RDWR) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	close(ends[1]);
	return ends[0];
}

#define BIT(cap) (1ULL << (cap))

uint64_t entry_caps(const struct plan *plan)
{
	uint64_t caps = plan->caps | BIT(CAP_KILL) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SETPCAP);

	if (plan->seccomp != NULL && !plan->seccomp_init && !plan->no_new_privs)
		caps |= BIT(CAP_SYS_ADMIN);
	return caps;
}

static void start_session(const struct entry *e)
{
	sigset_t none;

	if (setsid() < 0)
		fail(e, STEP_SESSION);
	if (e->terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0)
		fail(e, STEP_TERMINAL);
	/* Ignored and blocked signals would outlive exec. 32 and 33 are the C library's. */
	for (int sig = 1; sig < _NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	personality(PER_LINUX);
}

static void become_user(const struct entry *e, const struct user *user)
{
	const struct plan *p = e->plan;

	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	if (entry_caps(p) != p->caps && caps_bound(p->caps) < 0)
		fail(e, STEP_CAPS);
	/* Without no_new_privs loading a filter takes CAP_SYS_ADMIN, which is still there. */
	if (!p->seccomp_init && !p->no_new_privs && filter_load() < 0)
		fail(e, STEP_SECCOMP);
	if (setgroups(user->group_count, user->groups) < 0)
		fail(e, STEP_GROUPS);
	if (setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0)
		fail(e, STEP_UID);
	if (caps_set(user->uid == 0 ? p->caps : 0) < 0)
		fail(e, STEP_CAPS);
}

/* After becoming the user, so that his rights decide. */
static void enter_directory(const struct entry *e, const struct user *user)
{
	if (e->workdir == NULL) {
		/* As login(1) does: a missing home is no reason to stay out. */
		if (user->home[0] != '/' || chdir(user->home) < 0)
			if (chdir("/") < 0)
				fail(e, STEP_WORKDIR);
		return;
	}
	if (chdir(e->workdir) < 0)
		fail(e, STEP_WORKDIR);
}

static const char *env_get(char *const *env, const char *name)
{
	size_t n = strlen(name);

	for (; *env != NULL; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

/* Searches PATH of the jail's environment. errno: of the try that says most. */
static void execute(const struct entry *e)
{
	const char *path = env_get(e->env, "PATH");
	const char *name = e->argv[0];
	int error = ENOENT;

	if (strchr(name, '/') != NULL) {
		execve(name, e->argv, e->env);
		return;
	}
	for (const char *at = path != NULL ? path : "/bin:/usr/bin"; *at != '\0';) {
		size_t n = strcspn(at, ":");
		char file[4096];

		if (n > 0 && n + strlen(name) + 2 <= sizeof(file)) {
			memcpy(file, at, n);
			file[n] = '/';
			strcpy(file + n + 1, name);
			execve(file, e->argv, e->env);
			if (errno != ENOENT && errno != ENOTDIR)
				error = errno;
			if (error != ENOENT && error != EACCES)
				break;
		}
		at += n + (at[n] == ':');
	}
	errno = error;
}

/* Whose details the plan knows, he keeps them whatever the jail's own files say. */
static void take_account(const struct entry *e, struct user *user)
{
	const struct plan *p = e->plan;

	if (p->account == NULL || strcmp(e->user, p->user) != 0)
		return;
	text_join(user->name, sizeof(user->name), p->account, "", "");
	text_join(user->home, sizeof(user->home), p->home, "", "");
	text_join(user->shell, sizeof(user->shell), p->shell, "", "");
}

_Noreturn void enter(struct entry *e)
{
	static struct user user;
	static char home[600], shell[600], name[80];
	const struct plan *p = e->plan;

	start_session(e);
	if (user_find(e->user, e->login || e->workdir == NULL, &user) < 0)
		fail(e, STEP_USER);
	take_account(e, &user);
	if (e->login && user.name[0] != '\0') {
		text_join(home, sizeof(home), "HOME=", user.home, "");
		text_join(shell, sizeof(shell), "SHELL=", user.shell, "");
		text_join(name, sizeof(name), "USER=", user.name, "");
		env_put(e->env, &e->env_count, home);
		env_put(e->env, &e->env_count, shell);
		env_put(e->env, &e->env_count, name);
	}
	/* So that he can open it by name; without CAP_CHOWN he has the descriptors. */
	if (e->terminal && fchown(STDIN_FILENO, user.uid, (gid_t)-1) < 0)
		errno = 0;
	become_user(e, &user);
	enter_directory(e, &user);
	umask(p->umask);
	sys_close_range(3, CLOSE_RANGE_CLOEXEC);
	if (!p->seccomp_init && p->no_new_privs && filter_load() < 0)
		fail(e, STEP_SECCOMP);
	if (e->instead != NULL) {
		sys_close_range(3, 0);
		_exit(e->instead(e->about));
	}
	execute(e);
	fail(e, STEP_EXEC);
}

const char *entry_subject(enum step step, const char *user, const char *workdir, const char *program)
{
	switch (step) {
	case STEP_USER:
	case STEP_GROUPS:
	case STEP_UID:
		return user;
	case STEP_WORKDIR:
		return workdir != NULL ? workdir : user;
	default:
		return program;
	}
}
