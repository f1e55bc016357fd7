#include "plan.h"
#include "calls.h"
#include "keys.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PLAN_MAX (4U << 20)

char *fields_next(struct fields *f)
{
	char *field = f->at;
	char *nul = f->at < f->end ? memchr(f->at, '\0', (size_t)(f->end - f->at)) : NULL;

	if (nul == NULL)
		return NULL;
	f->at = nul + 1;
	return field;
}

static bool read_records(struct plan *p, struct fields *f)
{
	uint64_t seen = 0;

	while (f->at < f->end) {
		char *name = fields_next(f);

		if (name == NULL)
			return false;
		p->bad = name;
		if (!key_read(p, name, f, &seen))
			return false;
	}
	return true;
}

/* What must be there, and what would reach out of the jail without its namespace. */
static bool check_plan(struct plan *p)
{
	const uint64_t walls = CLONE_NEWNS | CLONE_NEWPID;
	bool user = (p->namespaces & CLONE_NEWUSER) != 0;
	const char *missing =
		p->name == NULL			     ? "name" :
		p->launch == NULL		     ? "launch" :
		p->rundir == NULL		     ? "rundir" :
		p->log_age != 0 && p->log_path == NULL ? "log.age" :
		p->log_rate != 0 && !plan_logs(p)    ? "log.rate" :
		/* Plain lines do not tell which stream they are of. */
		p->log_targets.first != NULL && p->log_path != NULL && !p->log_timestamps ? "log.to" :
		p->root == NULL			     ? "root" :
		(p->namespaces & walls) != walls     ? "namespaces" :
		user != (p->uid_map != NULL)	     ? "uid_map" :
		user != (p->gid_map != NULL)	     ? "gid_map" :
		p->root_options.idmap && !user	     ? "root" :
		(p->work != NULL) != (p->layers.first != NULL && !p->ephemeral) ? "work" :
		p->terminal && !p->foreground	     ? "terminal" :
		p->times.first != NULL && !(p->namespaces & CLONE_NEWTIME) ? "time.offset" :
		p->netns != NULL && !(p->namespaces & CLONE_NEWNET) ? "netns" :
		p->hostname != NULL && !(p->namespaces & CLONE_NEWUTS) ? "hostname" :
		p->domainname != NULL && !(p->namespaces & CLONE_NEWUTS) ? "domainname" :
		p->answer_hostname && !(p->namespaces & CLONE_NEWUTS) ? "answer.hostname" :
									   NULL;

	for (struct item *i = p->furnish.first; missing == NULL && i != NULL; i = i->next)
		if (i->options.idmap && !user)
			missing = "mount";
	p->bad = missing;
	return missing == NULL;
}

static bool list_environment(struct plan *p)
{
	size_t n = 0;

	p->env = take_spare(p, (p->env_count + 1) * sizeof(char *));
	if (p->env == NULL)
		return false;
	for (struct item *i = p->envs.first; i != NULL; i = i->next)
		p->env[n++] = i->source;
	p->env[n] = NULL;
	return true;
}

static ssize_t read_all(int fd, char *bytes, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t n = pread(fd, bytes + have, size - have, (off_t)have);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

int plan_read(struct plan *p, int fd)
{
	struct item_list *lists[] = { &p->times, &p->cgroups, &p->furnish, &p->cover,
				      &p->sysctls, &p->rlimits, &p->envs, &p->answer_mounts,
				      &p->layers, &p->log_targets };
	struct stat st;
	struct fields f;
	size_t size, spare;
	ssize_t have;

	*p = (struct plan){ .user = "0:0", .umask = 022, .last_run = &p->runs };
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		lists[i]->last = &lists[i]->first;
	if (fstat(fd, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > PLAN_MAX) {
		errno = EINVAL;
		return -1;
	}
	/* A record has at least two bytes; memory that is never touched costs nothing. */
	size = ((size_t)st.st_size + 15) & ~(size_t)15;
	spare = size / 2 * sizeof(struct item) + 4096;
	f.at = mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f.at == MAP_FAILED || (have = read_all(fd, f.at, (size_t)st.st_size)) < 0)
		return -1;
	f.end = f.at + have;
	p->spare = f.at + size;
	p->spare_end = p->spare + spare;
	if (read_records(p, &f) && check_plan(p) && list_environment(p))
		return 0;
	errno = EINVAL;
	return -1;
}

bool plan_logs(const struct plan *plan)
{
	return plan->log_path != NULL || plan->log_targets.first != NULL;
}

const char *plan_workdir(const struct plan *plan, bool login)
{
	if (plan->workdir != NULL || login)
		return plan->workdir;
	return "/";
}
