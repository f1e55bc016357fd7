/* The state of one jailer, and what its parts offer each other. */
#ifndef JAILER_JAILER_H
#define JAILER_JAILER_H

#include "answers.h"
#include "channel.h"
#include "log.h"
#include "message.h"
#include "plan.h"
#include "trees.h"

#include <stdbool.h>
#include <sys/types.h>

enum phase { PHASE_CREATED, PHASE_BUILDING, PHASE_STARTING, PHASE_RUNNING, PHASE_EXITED };

const char *phase_name(enum phase phase);

/* How the jail as a whole ended. */
struct result {
	enum how how;
	int number;
	enum step step;		/* with HOW_ERROR */
	char subject[SUBJECT_MAX];
};

enum role { ROLE_NONE, ROLE_NEW, ROLE_MONITOR, ROLE_ATTACHED, ROLE_SESSION };

struct connection {
	enum role role;		/* ROLE_NONE: the place is free */
	int fd;
	int session;		/* of ROLE_SESSION */
	struct inbox in;
};

#define UNHEARD_MAX 8
#define SESSION_MAX 64
#define CONNECTION_MAX (SESSION_MAX + 8)

/* A command that somebody outside has run in the jail. */
struct session {
	bool used;
	uint32_t order;		/* init's name for it: no other command of this jail has it */
	int report;		/* socket from the command; -1 after exec */
	struct connection *client;	/* NULL: gone, or the monitor's */
	char id[64];		/* the monitor's name for it, "" for a client */
	char subject[64];	/* argv[0] */
	char user[64], workdir[64];
	bool terminal;		/* its master is still to come */
	bool check;		/* its output is part of the answer */
	enum check_kind kind;
	int output;		/* of a check, to read; or -1 */
	char *text;		/* what has come of that, OUTPUT_CUT at most; or NULL */
	size_t text_size;
	int64_t deadline;	/* ms of the monotonic clock, 0: none */
	unsigned int timeout;	/* seconds, as asked for, rounded up */
	bool timed_out;
	bool failed;
	enum step step;
	struct ending ending;
};

struct jailer {
	struct plan plan;
	struct log log;
	bool logging;
	int listener;
	int signals;		/* signalfd for SIGCHLD */
	int channel;		/* to init; -1 when it is closed */
	int netlink;		/* socket of the jail's network namespace, or -1 */
	int outputs[2];		/* stdout and stderr of the jail, to read; or -1 */
	int inputs[2];		/* the same, to write: for the monitor's commands of `exec` */
	pid_t init;
	int pidfd;
	int init_status;
	bool reaped;		/* init is gone */
	pid_t command;		/* on the host; 0: not running */
	bool main_ended, end_known;
	struct result result;
	bool failed;		/* result is a fault of building */
	bool supplied;		/* init has the host's mounts, or `flaw` says why not */
	bool dropped;		/* most of what the jailer may do is gone */
	struct fault flaw;	/* to be told after `go`; an error of 0: none */
	enum phase phase;
	enum phase last_phase;	/* the one before PHASE_EXITED */
	bool overrides;		/* it takes CAP_DAC_OVERRIDE to write the log or the exit record */
	bool begun;		/* the commands may run */
	bool monitored;		/* a monitor has been there */
	struct {
		const char *type;
		struct fault fault;
	} unheard[UNHEARD_MAX];	/* what was to be said before the first one came */
	int unheard_count;
	int attached[MESSAGE_FDS];
	int attached_count;
	uint32_t ordered;	/* commands of `exec` so far */
	struct answers answers;
	/* Last, and zero until used: pages that are never touched cost nothing. */
	struct connection connections[CONNECTION_MAX];
	struct session sessions[SESSION_MAX];
};

int64_t now_ms(void);

/* events.c: what the monitor hears. */
void event_send(struct jailer *j, struct frame *f);
void event_hello(struct jailer *j, struct connection *c);
/* "error" or "warning". `subject` must stay. */
void event_fault(struct jailer *j, const char *type, enum step step, const char *subject,
		 int error);
void event_ending(struct jailer *j, const char *type, enum how how, int number);

/* launch.c: from the plan to a first process that waits in its namespaces. */
int launch(struct jailer *j, struct fault *fault);
/* clone3(2) with `flags`, into the v2 cgroup where the kernel can. `joined`, in parent and child: it
 * did. */
pid_t spawn(const struct plan *plan, uint64_t flags, int *pidfd, bool *joined);
/* The service may be spared when memory runs out; what runs in its jails is not. */
void oom_score_reset(const char *pid);
/* Sets the plan's limits for init, and with it for all commands; tells the monitor what is refused. */
void rlimits_apply(struct jailer *j);

/*
 * ordinary.c: takes off what jaild was started with: nice value, policy, I/O priority, timer slack; and has the jail's
 * user namespace count up to the plan's limits instead of jaild's. To be called before the namespace is made.
 */
void become_ordinary(const struct plan *plan);

/* notes.c: what init says. Returns false when there is nothing more. */
bool note_take(struct jailer *j);
void jail_begin(struct jailer *j);
/* Copies the host's mounts for the jail, which waits for them and then builds itself. */
void jail_supply(struct jailer *j);
/* Gives up, once, what is not needed any more when that is done. */
void jail_drop(struct jailer *j);
void jail_go(struct jailer *j);
void jail_signal(struct jailer *j, enum order_type type, int sig);
/* Never waits for init. 0, or -1 with errno. */
int jail_order(struct jailer *j, const struct order *order, const int *fds, int count);
void jail_kill(struct jailer *j);
void jail_fail(struct jailer *j, const struct fault *fault);

/* Tells the client in front of a foreground jail how it ended, and parts with it. */
void tell_attached(struct jailer *j);

/* clients.c: connections. */
void connection_accept(struct jailer *j);
void connection_serve(struct jailer *j, struct connection *c);
void connection_close(struct jailer *j, struct connection *c);
struct connection *connection_find(struct jailer *j, enum role role);

/* sessions.c: commands of `exec`. `client` NULL: for the monitor, as `id`. */
void session_start(struct jailer *j, struct fields *f, struct connection *client, const char *id,
		   unsigned int timeout);
/* `timeout`: in ms, 0 for none. */
void session_check(struct jailer *j, struct fields *f, const char *id, int64_t timeout);
void session_signal(struct jailer *j, int session, int sig);
/* Its client has gone before it ended. */
void session_leave(struct jailer *j, int session);
/* Nobody is left to hear of what the monitor has had run; a check has no other purpose. */
void sessions_forget(struct jailer *j);
void session_report(struct jailer *j, int session);
/* What init says of the command that it was ordered to run. */
void session_ended(struct jailer *j, uint32_t order, struct ending ending);
void session_expire(struct jailer *j);
/* Milliseconds until the next deadline, -1: none. */
int session_timeout(const struct jailer *j);
/* The jail is gone, and everyone in it. */
void sessions_end(struct jailer *j);

/* checks.c: what a check prints, and what is said of it. */

/* Returns the end for the check to write, or -1 with errno. */
int check_open(struct session *s);
/* What a failure can be about; false when the fields cannot be asked for. */
bool check_note(struct session *s, struct fields *f, const struct plan *p);
/* Reads once; false when there is nothing (more) now. */
bool check_take(struct session *s);
/* Takes what it has printed last, and tells the monitor. */
void check_answer(struct jailer *j, struct session *s);

/* output.c: from the jail's pipes to the log. */
int output_open(struct jailer *j);
/* What messages about the log name. */
const char *log_subject(const struct plan *plan);
/* Tells the monitor, if there is one, what has become of the log. `at_end`: also what was never made up for. */
void output_tell(struct jailer *j, bool at_end);
/* A compressed log takes the place of the one of that inode, which is a decimal number. False: it is none. */
bool output_replace(struct jailer *j, const char *inode, const char *file);

/* The log has other bounds, if `f` has some, and is opened again. False when they make no sense. */
bool output_reopen(struct jailer *j, struct fields *f);

/* Makes the pipes the property of root in the jail, once its users are mapped. */
int output_give(struct jailer *j);
/* Reads once from stream 0 or 1; returns the number of bytes. */
ssize_t output_take(struct jailer *j, int stream);
/* Gives the buffer's memory back. */
void output_rest(void);
/* All that is left, when nobody is there to write more. */
void output_drain(struct jailer *j);

/* monitor.c */
int monitor(struct jailer *j);

/* record.c: the exit record. 0, or -1 with errno. */
int record_write(const struct jailer *j);

#endif
