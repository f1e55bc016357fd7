#include "jailer.h"
#include "notices.h"

#include <time.h>
#include <unistd.h>

int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *phase_name(enum phase phase)
{
	static const char *const names[] = { "created", "building", "starting", "running",
					     "exited" };

	return names[phase];
}

void event_send(struct jailer *j, struct frame *f)
{
	struct connection *c = connection_find(j, ROLE_MONITOR);

	/* A monitor that does not read must not hold up the jail: it may come back. */
	if (c != NULL && frame_send(c->fd, f, -1) < 0)
		connection_close(j, c);
}

void event_hello(struct jailer *j, struct connection *c)
{
	struct frame f;

	frame_begin(&f, "hello");
	frame_add(&f, j->plan.launch != NULL ? j->plan.launch : "");
	frame_add_number(&f, getpid());
	frame_add_number(&f, j->init);
	frame_add_number(&f, j->netlink);
	frame_add(&f, phase_name(j->phase));
	if (frame_send(c->fd, &f, -1) < 0) {
		connection_close(j, c);
		return;
	}
	j->monitored = true;
	for (int i = 0; i < j->unheard_count; i++) {
		const struct fault *u = &j->unheard[i].fault;

		event_fault(j, j->unheard[i].type, u->step, u->subject, u->error);
	}
	j->unheard_count = 0;
	notices_repeat();
}

void event_fault(struct jailer *j, const char *type, enum step step, const char *subject,
		 int error)
{
	struct frame f;

	if (!j->monitored) {
		if (j->unheard_count < UNHEARD_MAX) {
			struct fault fault = { step, subject, error };

			j->unheard[j->unheard_count].type = type;
			j->unheard[j->unheard_count++].fault = fault;
		}
		return;
	}
	frame_begin(&f, type);
	frame_add(&f, step_name(step));
	frame_add(&f, subject);
	frame_add_number(&f, error);
	event_send(j, &f);
}

void event_ending(struct jailer *j, const char *type, enum how how, int number)
{
	struct frame f;

	frame_begin(&f, type);
	frame_add(&f, how_name(how));
	frame_add_number(&f, number);
	event_send(j, &f);
}
