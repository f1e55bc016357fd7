/*
 * A BPF program made of three filters, one after the other, so that a rule's place in the policy
 * does not matter: refusals with a condition, then what is allowed, then refusals without a
 * condition, then the default. libseccomp alone knows neither "allow X, but not with this
 * argument" nor "otherwise refuse X with another error than the default".
 */
#ifndef SECCOMP_FILTER_H
#define SECCOMP_FILTER_H

#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#define CONDITIONS_MAX 6
#define STAGES 3

struct rule {
	uint32_t action;	/* SCMP_ACT_… */
	int call;		/* libseccomp's number */
	unsigned int n;
	struct scmp_arg_cmp conditions[CONDITIONS_MAX];	/* all must hold */
};

struct filter {
	scmp_filter_ctx stages[STAGES];
	bool used[STAGES];
	uint32_t otherwise;	/* the default */
};

/* All of these return 0 or a negative errno. */
int open_filter(struct filter *f);
int set_bad_arch(struct filter *f, uint32_t action);
int add_arch(struct filter *f, uint32_t arch);
int add_rule(struct filter *f, const struct rule *rule);
/* Writes an array of struct sock_filter. */
int write_filter(const struct filter *f, int fd);
void close_filter(struct filter *f);

#endif
