#include "calls.h"
#include "jailer.h"
#include "names.h"

#include <linux/ioprio.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* The kernel's for the first process of the host (include/linux/init_task.h). */
#define TIMER_SLACK 50000UL

/* What is counted for whoever makes a user namespace, up to the soft limits that he has then. */
static const int counted[] = { RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_SIGPENDING };
/* Soft limits that would end the jailer, or keep it from writing the log. */
static const int in_the_way[] = { RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_AS, RLIMIT_DATA, RLIMIT_RTTIME };

static void set_soft(int number, rlim_t wanted)
{
	struct rlimit l;

	if (getrlimit(number, &l) < 0)
		return;
	/* CAP_SYS_RESOURCE raises both, where it is there. */
	if (wanted > l.rlim_max &&
	    setrlimit(number, &(struct rlimit){ wanted, wanted }) == 0)
		return;
	l.rlim_cur = wanted < l.rlim_max ? wanted : l.rlim_max;
	setrlimit(number, &l);
}

void become_ordinary(const struct plan *p)
{
	const struct sched_param none = { 0 };

	syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &none);
	setpriority(PRIO_PROCESS, 0, 0);
	syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, 0);
	prctl(PR_SET_TIMERSLACK, TIMER_SLACK, 0, 0, 0);
	for (size_t i = 0; i < sizeof(in_the_way) / sizeof(in_the_way[0]); i++)
		set_soft(in_the_way[i], RLIM_INFINITY);
	for (const struct item *i = p->rlimits.first; i != NULL; i = i->next)
		for (size_t n = 0; n < sizeof(counted) / sizeof(counted[0]); n++)
			if (rlimit_number(i->target) == counted[n])
				set_soft(counted[n], i->hard == UINT64_MAX ? RLIM_INFINITY
									   : (rlim_t)i->hard);
}
