/* The time that a record begins with, without the C library's calendar: it is made for every line. */
#ifndef JAILER_STAMP_H
#define JAILER_STAMP_H

#include <stdbool.h>
#include <time.h>

/* "2026-11-22T03:16:56." */
#define STAMP_SECONDS 20

/* Puts `digits` decimal digits. */
void stamp_put_digits(char *to, unsigned int value, unsigned int digits);

/* Puts STAMP_SECONDS characters, UTC. */
void stamp_put(char *to, time_t second);

/* The second that STAMP_SECONDS characters stand for; false when they have another form. */
bool stamp_read(const char *from, time_t *second);

#endif
