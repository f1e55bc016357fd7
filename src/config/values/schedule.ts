import { nodeCron } from './node-cron.js';
import { bad, good, listType, scalarType, unseparated, type Converted, type ValueType } from './type.js';

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** cron expressions of five fields, or six with seconds first; crontab(5) nicknames become five fields. */
export const cronExpressions: ValueType<readonly string[]> = unseparated(
  listType('list of cron expressions', readCron),
);

function readCron(text: string): Converted<string> {
  const trimmed = text.trim().replace(/\s+/g, ' ');
  const expression = NICKNAMES[trimmed.toLowerCase()] ?? trimmed;
  const fields = expression.split(' ').length;
  if (fields !== 5 && fields !== 6)
    return bad(
      `"${text}" has ${fields} field${fields === 1 ? '' : 's'}, a cron expression has 5 or 6`,
      CRON_HINT,
    );
  if (isCron(expression)) return good(expression);
  // node-cron refuses the 31st of February like nonsense; with any month it would be right.
  const anyMonth = expression.split(' ').with(-2, '*').join(' ');
  if (isCron(anyMonth) && isCron(withoutDay(expression)))
    return { ...bad(`"${text}" never happens: no such day in that month`), code: 'schedule-never' };
  return bad(`"${text}" is not a cron expression`, CRON_HINT);
}

const CRON_HINT = 'write MINUTE HOUR DAY MONTH WEEKDAY, such as "30 4 * * sun"';

const withoutDay = (expression: string): string => expression.split(' ').with(-3, '*').join(' ');

/** Answers of node-cron, which takes 20 µs for each: a thousand jails have few different schedules. */
const known = new Map<string, boolean>();

function isCron(expression: string): boolean {
  const answer = known.get(expression);
  if (answer !== undefined) return answer;
  if (known.size >= 1000) known.clear();
  const fresh = askCron(expression);
  known.set(expression, fresh);
  return fresh;
}

function askCron(expression: string): boolean {
  if (expression.length > 200) return false;
  try {
    return nodeCron().validate(expression);
  } catch {
    return false; // node-cron throws for some malformed ranges instead of answering
  }
}

/** An IANA time zone that this Node knows. */
export const timezone: ValueType<string> = scalarType('time zone', (text) => {
  try {
    return good(new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone);
  } catch {
    return bad(`"${text}" is not a time zone`, 'write a name such as Europe/Berlin or UTC');
  }
});
