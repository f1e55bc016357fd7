#define _GNU_SOURCE
#include "filter.h"

#include <errno.h>
#include <linux/filter.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a stage returns for "ask the next one"; no rule of ours can say it. */
#define NEXT SCMP_ACT_TRACE(0x6e78)

enum { REFUSE_SOME, ALLOW, REFUSE_THE_REST };

struct program {
	struct sock_filter code[BPF_MAXINSNS];
	size_t n;
};

int open_filter(struct filter *f)
{
	*f = (struct filter){ .otherwise = SCMP_ACT_KILL_PROCESS };
	for (int i = 0; i < STAGES; i++) {
		f->stages[i] = seccomp_init(NEXT);
		if (!f->stages[i])
			return -ENOMEM;
		/* A binary tree instead of a list; libseccomp before 2.5 has only the list. */
		seccomp_attr_set(f->stages[i], SCMP_FLTATR_CTL_OPTIMIZE, 2);
	}
	return set_bad_arch(f, SCMP_ACT_KILL_PROCESS);
}

int set_bad_arch(struct filter *f, uint32_t action)
{
	int error = 0;

	for (int i = 0; i < STAGES && !error; i++)
		error = seccomp_attr_set(f->stages[i], SCMP_FLTATR_ACT_BADARCH, action);
	return error;
}

int add_arch(struct filter *f, uint32_t arch)
{
	int error = 0;

	for (int i = 0; i < STAGES && !error; i++)
		error = seccomp_arch_add(f->stages[i], arch);
	return error == -EEXIST ? 0 : error;	/* the native one is always there */
}

int add_rule(struct filter *f, const struct rule *rule)
{
	int stage = rule->action == SCMP_ACT_ALLOW ? ALLOW
		  : rule->n > 0			   ? REFUSE_SOME
						   : REFUSE_THE_REST;

	f->used[stage] = true;
	return seccomp_rule_add_array(f->stages[stage], rule->action, rule->call, rule->n,
				      rule->conditions);
}

/* Appends what libseccomp makes of a stage; its "next" becomes a jump behind its end. */
static int append_stage(struct program *p, scmp_filter_ctx stage)
{
	int fd = memfd_create("stage", MFD_CLOEXEC);
	size_t room = sizeof(p->code) - p->n * sizeof(*p->code), start = p->n;
	int error;
	ssize_t n;

	if (fd < 0)
		return -errno;
	error = seccomp_export_bpf(stage, fd);
	n = error ? 0 : pread(fd, p->code + start, room, 0);
	if (!error && (n < 0 || lseek(fd, 0, SEEK_END) != n))
		error = n < 0 ? -errno : -E2BIG;
	close(fd);
	if (error)
		return error;
	p->n += (size_t)n / sizeof(*p->code);
	for (size_t i = start; i < p->n; i++)
		if (p->code[i].code == (BPF_RET | BPF_K) && p->code[i].k == NEXT)
			p->code[i] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
								  (uint32_t)(p->n - i - 1));
	return 0;
}

int write_filter(const struct filter *f, int fd)
{
	static struct program p;
	size_t size;

	p.n = 0;
	for (int i = 0; i < STAGES; i++) {
		int error = f->used[i] ? append_stage(&p, f->stages[i]) : 0;

		if (error)
			return error;
	}
	if (p.n >= BPF_MAXINSNS)
		return -E2BIG;
	p.code[p.n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, f->otherwise);
	size = p.n * sizeof(*p.code);
	return write(fd, p.code, size) == (ssize_t)size ? 0 : errno ? -errno : -EIO;
}

void close_filter(struct filter *f)
{
	for (int i = 0; i < STAGES; i++)
		if (f->stages[i])
			seccomp_release(f->stages[i]);
}
