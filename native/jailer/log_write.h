/* From the log's buffer to its file and targets. */
#ifndef JAILER_LOG_WRITE_H
#define JAILER_LOG_WRITE_H

#include "log.h"

/* The longest that log_loss_text() is asked for. */
#define LOG_LOSS_MAX 96

/* Opens the file at the path, in place of the one that is open. 0, or -1 with errno. */
int log_write_open(struct log *l);

/* Does without a file, for this reason. -1 with errno. */
int log_write_refuse(struct log *l, int error);

/* Before `n` more bytes: is it full, or its first line too old? */
bool log_write_due(struct log *l, size_t n);
void log_write_rotate(struct log *l);

/* Empties the buffer: what cannot be written is dropped, and counted. */
void log_write_out(struct log *l);

/* The jailer's own line about a loss, with the newline at its end: at most LOG_HEAD + LOG_LOSS_MAX + 1 bytes. */
size_t log_format_loss(const struct log *l, char *to, const struct log_loss *loss, const char *end);

void log_loss_add(struct log_loss *to, struct log_loss more);

#endif
