#include "steps.h"

#include <string.h>
#include <unistd.h>

static const struct {
	const char *name;
	const char *line;
} steps[STEP_COUNT] = {
#define X(id, name, words) [id] = { name, name "\t" words "\n" },
	STEPS(X)
#undef X
};

const char *step_name(enum step step)
{
	return (unsigned int)step < STEP_COUNT ? steps[step].name : "unknown";
}

void steps_print(void)
{
	for (size_t i = 0; i < STEP_COUNT; i++)
		if (write(STDOUT_FILENO, steps[i].line, strlen(steps[i].line)) < 0)
			return;
}
