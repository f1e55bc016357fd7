import type { JailEvent, NewEvent } from './journal.js';

const own = (at: Date, cause: string, detail: string, data: NewEvent['data'] = {}): NewEvent => ({
  ...{ kind: 'jaild', at, jail: null, from: null, to: null, cause, detail, data },
});

/**
 * jaild has begun. By what the one before has left it is known whether that ended as asked, and was another version.
 * @param before the events that are kept, oldest first
 */
export function beganEvent(before: readonly JailEvent[], at: Date, version: string, pid: number): NewEvent {
  const last = before.findLast(({ kind }) => kind === 'jaild');
  const earlier = before.findLast(({ kind, data }) => kind === 'jaild' && data?.['version'] !== undefined);
  const from = earlier?.data?.['version'] ?? null;
  const killed = last !== undefined && last.cause !== 'ended';
  const isUpgrade = from !== null && from !== version;
  const words = [
    isUpgrade ? `from ${from} to ${version}` : version,
    ...(killed ? ['the one before did not end as asked'] : []),
  ];
  return own(at, isUpgrade ? 'upgraded' : 'started', words.join(', '), { version, pid, from, killed });
}

/** What an earlier jaild has left is taken back. */
export function adoptedEvent(at: Date, jails: number, milliseconds: number): NewEvent {
  const detail = `${jails} ${jails === 1 ? 'jail' : 'jails'} in ${milliseconds} ms`;
  return own(at, 'adopted', detail, { jails, ms: milliseconds });
}

/** @param stopped every jail was stopped first */
export function endedEvent(at: Date, stopped: boolean): NewEvent {
  return own(at, 'ended', stopped ? 'every jail is stopped' : 'the jails run on', { stopped });
}
