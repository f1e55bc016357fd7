/*
 * A BPF program made of three filters, one after the other, so that a rule's place in the policy
 * does not matter: refusals with a condition, then what is allowed, then refusals without a
 * condition, then the default. libseccomp alone knows neither "allow X, but not with this
 * argument" nor "otherwise refuse X with another error than the default".
 *
 * Behind them there may be one more, the profile, in place of the default: a filter as libseccomp
 * alone makes it of its rules, which is what the runtimes of containers load.
 */
#ifndef SECCOMP_FILTER_H
#define SECCOMP_FILTER_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#define CONDITIONS_MAX 6
#define STAGES 3
#define ARCHS_MAX 24

struct rule {
	uint32_t action;	/* SCMP_ACT_… */
	int call;		/* libseccomp's number */
	unsigned int n;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];	/* all must hold */
};

struct filter {
	scmp_filter_ctx stages[STAGES];
	bool used[STAGES];
	scmp_filter_ctx profile;	/* NULL: none */
	unsigned int profile_rules;
	struct {
		uint32_t token;
		uint32_t newest;	/* the highest number of a call that the profile names, 0: none */
	} archs[ARCHS_MAX];
	unsigned int arch_count;
	uint32_t otherwise;	/* the default */
	uint32_t bad_arch;
	bool has_newer;
	uint32_t newer;		/* for calls behind the newest of the profile */
};

/* All of these return 0 or a negative errno. */
int open_filter(struct filter *f);
int set_bad_arch(struct filter *f, uint32_t action);
int add_arch(struct filter *f, uint32_t arch);
int add_rule(struct filter *f, const struct rule *rule);
/* From here on rules are those of the profile; its default is that of now. */
int open_profile(struct filter *f);
/* The profile says something of the call of this name. */
void name_call(struct filter *f, const char *name);
/* Writes an array of struct sock_filter. */
int write_filter(const struct filter *f, int fd);
void close_filter(struct filter *f);

#endif
