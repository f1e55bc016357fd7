/** What a process of a jail has told of itself (sd_notify(3)). What jaild does not know is left out. */
export interface Notice {
  readonly ready: boolean;
  /** STATUS=: what it is doing, in its own words. */
  readonly status?: string;
  /** EXTEND_TIMEOUT_USEC=: milliseconds from now that it needs at least. */
  readonly extendMs?: number;
  /** WATCHDOG=1, or WATCHDOG=trigger. */
  readonly watchdog?: 'alive' | 'trigger';
  /** WATCHDOG_USEC=: milliseconds, the new longest time between two signs of life; 0: none is waited for. */
  readonly watchdogMs?: number;
}

/** Characters of a status that are kept. */
const LONGEST = 500;
/** A year in milliseconds: no process may ask for what timers cannot count. */
const MOST = 365 * 24 * 3600 * 1000;

/** Reads NAME=VALUE fields; of a name that comes twice the last counts. */
export function readNotice(fields: readonly string[]): Notice {
  const said = new Map(
    fields.map((field) => {
      const equals = field.indexOf('=');
      return [field.slice(0, equals), field.slice(equals + 1)] as const;
    }),
  );
  const status = said.get('STATUS');
  const extendMs = milliseconds(said.get('EXTEND_TIMEOUT_USEC'));
  const watchdogMs = milliseconds(said.get('WATCHDOG_USEC'));
  const sign = said.get('WATCHDOG');
  return {
    ready: said.get('READY') === '1',
    ...(status !== undefined && { status: status.slice(0, LONGEST) }),
    ...(extendMs !== null && { extendMs }),
    ...(watchdogMs !== null && { watchdogMs }),
    ...(sign === '1' && { watchdog: 'alive' }),
    ...(sign === 'trigger' && { watchdog: 'trigger' }),
  };
}

function milliseconds(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,19}$/.test(text)) return null;
  return Math.min(MOST, Math.ceil(Number(text) / 1000));
}
