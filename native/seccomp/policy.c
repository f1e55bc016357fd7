#define _GNU_SOURCE
#include "policy.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SPACE " \t"

static int mistake(struct mistake *m, const char *subject, const char *what)
{
	m->subject = subject ? subject : "";
	m->what = what;
	return -1;
}

static char *word(char **rest)
{
	char *found;

	do
		found = strsep(rest, SPACE);
	while (found && *found == '\0');
	return found;
}

/* A number, or one of the names that a refusal may sensibly carry. */
static int errno_of(const char *name)
{
	static const struct { const char *name; int number; } errnos[] = {
		{ "EACCES", EACCES }, { "EAFNOSUPPORT", EAFNOSUPPORT }, { "EBADF", EBADF },
		{ "EINVAL", EINVAL }, { "ENODEV", ENODEV }, { "ENOENT", ENOENT },
		{ "ENOSYS", ENOSYS }, { "ENOTSUP", ENOTSUP }, { "ENOTTY", ENOTTY },
		{ "EOPNOTSUPP", EOPNOTSUPP }, { "EPERM", EPERM },
		{ "EPROTONOSUPPORT", EPROTONOSUPPORT }, { "ESRCH", ESRCH },
	};
	char *end;
	long number = strtol(name, &end, 10);

	if (end != name && *end == '\0' && number >= 0 && number < 4096)
		return (int)number;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		if (strcmp(errnos[i].name, name) == 0)
			return errnos[i].number;
	return -1;
}

static int read_action(const char *verb, char **rest, uint32_t *action, struct mistake *m)
{
	static const struct { const char *name; uint32_t action; } actions[] = {
		{ "allow", SCMP_ACT_ALLOW }, { "log", SCMP_ACT_LOG }, { "trap", SCMP_ACT_TRAP },
		{ "kill", SCMP_ACT_KILL_PROCESS }, { "kill-process", SCMP_ACT_KILL_PROCESS },
		{ "kill-thread", SCMP_ACT_KILL_THREAD },
	};
	const char *name;

	if (!verb)
		return mistake(m, "", "an action is missing");
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (strcmp(verb, actions[i].name) == 0) {
			*action = actions[i].action;
			return 0;
		}
	if (strcmp(verb, "errno") != 0)
		return mistake(m, verb, "unknown word");
	name = word(rest);
	if (!name || errno_of(name) < 0)
		return mistake(m, name, "unknown error name");
	*action = SCMP_ACT_ERRNO((uint32_t)errno_of(name));
	return 0;
}

static int read_number(const char *text, uint64_t *number, struct mistake *m)
{
	char *end;

	if (!text || !isdigit((unsigned char)*text))
		return mistake(m, text, "a number is missing");
	errno = 0;
	*number = strtoull(text, &end, 0);
	return errno || *end ? mistake(m, text, "not a number") : 0;
}

static bool read_operator(const char *text, enum scmp_compare *op)
{
	static const struct { const char *text; enum scmp_compare op; } operators[] = {
		{ "==", SCMP_CMP_EQ }, { "!=", SCMP_CMP_NE }, { "<", SCMP_CMP_LT },
		{ "<=", SCMP_CMP_LE }, { ">", SCMP_CMP_GT }, { ">=", SCMP_CMP_GE },
		{ "&", SCMP_CMP_MASKED_EQ },
	};

	for (size_t i = 0; text && i < sizeof(operators) / sizeof(*operators); i++)
		if (strcmp(text, operators[i].text) == 0) {
			*op = operators[i].op;
			return true;
		}
	return false;
}

/* argN OP VALUE, argN & MASK == VALUE */
static int read_condition(char *text, struct rule *rule, struct mistake *m)
{
	char *argument = word(&text), *operator = word(&text);
	struct scmp_arg_cmp c = { 0 };

	if (rule->n == CONDITIONS_MAX)
		return mistake(m, "", "too many conditions");
	if (!argument || strncmp(argument, "arg", 3) != 0 || argument[3] < '0' ||
	    argument[3] > '5' || argument[4])
		return mistake(m, argument, "a condition begins with arg0 to arg5");
	c.arg = (unsigned int)(argument[3] - '0');
	if (!read_operator(operator, &c.op))
		return mistake(m, operator, "a condition compares with == != < <= > >= or &");
	if (read_number(word(&text), &c.datum_a, m) < 0)
		return -1;
	if (c.op == SCMP_CMP_MASKED_EQ) {
		operator = word(&text);
		if (!operator || strcmp(operator, "==") != 0)
			return mistake(m, operator, "a mask is compared with ==");
		if (read_number(word(&text), &c.datum_b, m) < 0)
			return -1;
	}
	if (word(&text))
		return mistake(m, argument, "conditions are joined by a comma");
	rule->conditions[rule->n++] = c;
	return 0;
}

static int read_rule(char *verb, char *rest, struct filter *f, struct mistake *m)
{
	bool if_known = verb[0] == '?';
	struct rule rule = { .n = 0 };
	const char *name;
	int error;

	if (read_action(verb + if_known, &rest, &rule.action, m) < 0)
		return -1;
	name = word(&rest);
	if (!name)
		return mistake(m, verb, "the call's name is missing");
	name_call(f, name);
	rule.call = seccomp_syscall_resolve_name(name);
	if (rule.call == __NR_SCMP_ERROR)
		return if_known ? 0 : mistake(m, name, "unknown call");
	rest += rest ? strspn(rest, SPACE) : 0;
	while (rest && *rest)
		if (read_condition(strsep(&rest, ","), &rule, m) < 0)
			return -1;
	error = add_rule(f, &rule);
	return error ? mistake(m, name, strerror(-error)) : 0;
}

static int read_arch(char *rest, struct filter *f, struct mistake *m)
{
	const char *name = word(&rest);
	uint32_t arch = !name			      ? 0
		      : strcmp(name, "native") == 0 ? seccomp_arch_native()
						      : seccomp_arch_resolve_name(name);
	int error;

	if (arch == 0)
		return mistake(m, name, "unknown architecture");
	error = add_arch(f, arch);
	return error ? mistake(m, name, strerror(-error)) : 0;
}

static int read_bad_arch(char *rest, struct filter *f, struct mistake *m)
{
	uint32_t action;

	if (read_action(word(&rest), &rest, &action, m) < 0)
		return -1;
	return set_bad_arch(f, action) ? mistake(m, "", "refused by libseccomp") : 0;
}

static int read_profile(struct filter *f, struct mistake *m)
{
	int error = open_profile(f);

	return error ? mistake(m, "profile", strerror(-error)) : 0;
}

static int read_statement(char *text, struct filter *f, struct mistake *m)
{
	char *verb = word(&text);

	if (!verb)
		return 0;
	if (strcmp(verb, "arch") == 0)
		return read_arch(text, f, m);
	if (strcmp(verb, "default") == 0)
		return read_action(word(&text), &text, &f->otherwise, m);
	if (strcmp(verb, "badarch") == 0)
		return read_bad_arch(text, f, m);
	if (strcmp(verb, "profile") == 0)
		return read_profile(f, m);
	if (strcmp(verb, "newer") != 0)
		return read_rule(verb, text, f, m);
	f->has_newer = true;
	return read_action(word(&text), &text, &f->newer, m);
}

int read_policy(FILE *in, struct filter *f, struct mistake *m)
{
	m->line = 0;
	while (fgets(m->text, sizeof(m->text), in)) {
		m->line++;
		if (!strchr(m->text, '\n') && !feof(in))
			return mistake(m, "", "the line is too long");
		m->text[strcspn(m->text, "#\n")] = '\0';
		if (read_statement(m->text, f, m) < 0)
			return -1;
	}
	return ferror(in) ? mistake(m, "", strerror(errno)) : 0;
}
