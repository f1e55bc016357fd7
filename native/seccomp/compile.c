/* seccomp-compile: a policy on stdin, the BPF program that the jailer loads on stdout. */
#include "policy.h"

#include <string.h>
#include <unistd.h>

int main(void)
{
	struct filter filter;
	struct mistake m;
	int error = open_filter(&filter);

	if (!error && read_policy(stdin, &filter, &m) < 0) {
		fprintf(stderr, "line %u: %s%s%s\n", m.line, m.subject, *m.subject ? ": " : "", m.what);
		close_filter(&filter);
		return 1;
	}
	if (!error)
		error = write_filter(&filter, STDOUT_FILENO);
	if (error)
		fprintf(stderr, "seccomp-compile: %s\n", strerror(-error));
	close_filter(&filter);
	return error ? 1 : 0;
}
