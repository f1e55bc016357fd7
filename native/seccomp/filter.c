#define _GNU_SOURCE
#include "filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a stage returns for "ask the next one"; no rule of ours can say it. */
#define NEXT SCMP_ACT_TRACE(0x6e78)

/* Of a call's number: it was made by the x32 entry point, which has the architecture of x86-64. */
#define X32_BIT 0x40000000u

/* With fewer rules a tree is no shorter than a list, and with none libseccomp makes a wrong one. */
#define RULES_FOR_A_TREE 33

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
	f->archs[f->arch_count++].token = seccomp_arch_native();
	return set_bad_arch(f, SCMP_ACT_KILL_PROCESS);
}

int set_bad_arch(struct filter *f, uint32_t action)
{
	int error = 0;

	f->bad_arch = action;
	for (int i = 0; i < STAGES && !error; i++)
		error = seccomp_attr_set(f->stages[i], SCMP_FLTATR_ACT_BADARCH, action);
	if (!error && f->profile)
		error = seccomp_attr_set(f->profile, SCMP_FLTATR_ACT_BADARCH, action);
	return error;
}

static bool is_known(const struct filter *f, uint32_t arch)
{
	for (unsigned int i = 0; i < f->arch_count; i++)
		if (f->archs[i].token == arch)
			return true;
	return false;
}

int add_arch(struct filter *f, uint32_t arch)
{
	int error = 0;

	if (is_known(f, arch))
		return 0;
	if (f->arch_count == ARCHS_MAX)
		return -E2BIG;
	f->archs[f->arch_count++].token = arch;
	for (int i = 0; i < STAGES && (!error || error == -EEXIST); i++)
		error = seccomp_arch_add(f->stages[i], arch);
	if (f->profile && (!error || error == -EEXIST))
		error = seccomp_arch_add(f->profile, arch);
	return error == -EEXIST ? 0 : error;	/* the native one is always there */
}

int open_profile(struct filter *f)
{
	int error = 0;

	if (f->profile)
		return -EEXIST;
	f->profile = seccomp_init(f->otherwise);
	if (!f->profile)
		return -EINVAL;
	for (unsigned int i = 0; i < f->arch_count && (!error || error == -EEXIST); i++)
		error = seccomp_arch_add(f->profile, f->archs[i].token);
	if (error && error != -EEXIST)
		return error;
	return set_bad_arch(f, f->bad_arch);
}

void name_call(struct filter *f, const char *name)
{
	for (unsigned int i = 0; i < f->arch_count && f->profile; i++) {
		int number = seccomp_syscall_resolve_name_arch(f->archs[i].token, name);

		/* Negative: the architecture has no such call. */
		if (number > 0 && (uint32_t)number > f->archs[i].newest)
			f->archs[i].newest = (uint32_t)number;
	}
}

static bool lets_through(uint32_t action)
{
	return action == SCMP_ACT_ALLOW || action == SCMP_ACT_LOG;
}

int add_rule(struct filter *f, const struct rule *rule)
{
	int stage = lets_through(rule->action) ? ALLOW
		  : rule->n > 0		       ? REFUSE_SOME
					       : REFUSE_THE_REST;

	if (f->profile) {
		/* What says the default again is no rule to libseccomp. */
		if (rule->action == f->otherwise)
			return 0;
		f->profile_rules++;
		return seccomp_rule_add_array(f->profile, rule->action, rule->call, rule->n,
					      rule->conditions);
	}
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

#define FIELD(name) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, name))

/* Calls with a number behind all that the profile names for their architecture. */
static int append_newer(struct program *p, const struct filter *f)
{
	for (unsigned int i = 0; i < f->arch_count; i++) {
		bool x32 = f->archs[i].token == SCMP_ARCH_X32;
		bool x86 = x32 || f->archs[i].token == SCMP_ARCH_X86_64;
		const struct sock_filter code[] = {
			FIELD(arch),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, x32 ? SCMP_ARCH_X86_64 : f->archs[i].token, 0, 4),
			FIELD(nr),
			BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, x86 ? X32_BIT : 0, x32 ? 0 : 2, x32 ? 2 : 0),
			BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, f->archs[i].newest, 0, 1),
			BPF_STMT(BPF_RET | BPF_K, f->newer),
		};
		const size_t n = sizeof(code) / sizeof(*code);

		if (f->archs[i].newest == 0)
			continue;
		if (p->n + n > BPF_MAXINSNS)
			return -E2BIG;
		for (size_t k = 0; k < n; k++)
			p->code[p->n++] = code[k];
	}
	return 0;
}

/* In place of the default. */
static int append_profile(struct program *p, const struct filter *f)
{
	int error = f->has_newer ? append_newer(p, f) : 0;

	if (f->profile_rules >= RULES_FOR_A_TREE)
		seccomp_attr_set(f->profile, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return error ? error : append_stage(p, f->profile);
}

int write_filter(const struct filter *f, int fd)
{
	static struct program p;
	size_t size;
	int error = 0;

	p.n = 0;
	for (int i = 0; i < STAGES && !error; i++)
		error = f->used[i] ? append_stage(&p, f->stages[i]) : 0;
	if (!error && f->profile)
		error = append_profile(&p, f);
	if (error)
		return error;
	if (p.n >= BPF_MAXINSNS)
		return -E2BIG;
	if (!f->profile)
		p.code[p.n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, f->otherwise);
	size = p.n * sizeof(*p.code);
	return write(fd, p.code, size) == (ssize_t)size ? 0 : errno ? -errno : -EIO;
}

void close_filter(struct filter *f)
{
	for (int i = 0; i < STAGES; i++)
		if (f->stages[i])
			seccomp_release(f->stages[i]);
	if (f->profile)
		seccomp_release(f->profile);
}
