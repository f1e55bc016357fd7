#include "stamp.h"

#include <stdint.h>
#include <string.h>

/* Days from 1 March of the year 0 to 1 January 1970. */
#define EPOCH 719468
#define ERA 146097	/* days of 400 years */

void stamp_put_digits(char *to, unsigned int value, unsigned int digits)
{
	while (digits-- > 0) {
		to[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

/* Days since 1970 to a date, by counting eras of 400 years that begin in March. */
static void put_date(char *to, int64_t days)
{
	int64_t shifted = days + EPOCH;
	int64_t era = shifted / ERA;
	unsigned int day = (unsigned int)(shifted - era * ERA);
	unsigned int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned int of_year = day - (365 * year + year / 4 - year / 100);
	unsigned int from_march = (5 * of_year + 2) / 153;
	unsigned int month = from_march < 10 ? from_march + 3 : from_march - 9;

	stamp_put_digits(to, year + (unsigned int)era * 400 + (month <= 2), 4);
	stamp_put_digits(to + 5, month, 2);
	stamp_put_digits(to + 8, of_year - (153 * from_march + 2) / 5 + 1, 2);
}

void stamp_put(char *to, time_t second)
{
	unsigned int of_day = (unsigned int)(second % 86400);

	memcpy(to, "0000-00-00T00:00:00.", STAMP_SECONDS);
	put_date(to, second / 86400);
	stamp_put_digits(to + 11, of_day / 3600, 2);
	stamp_put_digits(to + 14, of_day / 60 % 60, 2);
	stamp_put_digits(to + 17, of_day % 60, 2);
}

static unsigned int read_digits(const char *from, unsigned int digits)
{
	unsigned int value = 0;

	while (digits-- > 0)
		value = value * 10 + (unsigned int)(*from++ - '0');
	return value;
}

static int64_t days_until(unsigned int year, unsigned int month, unsigned int day)
{
	int64_t counted = month > 2 ? year : (int64_t)year - 1;
	int64_t era = (counted >= 0 ? counted : counted - 399) / 400;
	unsigned int of_era = (unsigned int)(counted - era * 400);
	unsigned int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - EPOCH;
}

bool stamp_read(const char *from, time_t *second)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.";
	unsigned int month, day;

	for (int i = 0; i < STAMP_SECONDS; i++)
		if (form[i] == 'd' ? from[i] < '0' || from[i] > '9' : from[i] != form[i])
			return false;
	month = read_digits(from + 5, 2);
	day = read_digits(from + 8, 2);
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	*second = (time_t)(days_until(read_digits(from, 4), month, day) * 86400 +
			   read_digits(from + 11, 2) * 3600 + read_digits(from + 14, 2) * 60 +
			   read_digits(from + 17, 2));
	return true;
}
