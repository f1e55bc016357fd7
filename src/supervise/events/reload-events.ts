import type { NewEvent } from './journal.js';
import type { ReloadChange, ReloadResult, State } from '../operations.js';

const words: Readonly<Record<ReloadChange['change'], string>> = {
  new: 'added',
  removed: 'in no file any more',
  live: 'changed',
  restart: 'restarted',
};

/**
 * What is told of a reload: one event of jaild, then one of each jail that is another now.
 * @param uid who asked for it; null: a signal
 * @param stateOf the state of a jail, null for one that is not there
 */
export function reloadEvents(
  { ok, changes, diagnostics }: ReloadResult,
  uid: number | null,
  at: Date,
  stateOf: (jail: string) => State | null,
): readonly NewEvent[] {
  const who = uid === null ? 'by SIGHUP' : `by uid ${uid}`;
  const mistakes = diagnostics.filter(({ severity }) => severity === 'error').length;
  const whole: NewEvent = {
    kind: 'reload',
    at,
    jail: null,
    from: null,
    to: null,
    cause: ok ? 'reloaded' : 'refused',
    detail: `${who}, ${ok ? `${changes.length} changed` : `${mistakes} mistakes`}`,
    data: { uid, changes: changes.length, mistakes },
  };
  return [whole, ...changes.map((one) => changeEvent(one, uid, at, stateOf(one.jail)))];
}

function changeEvent(
  { jail, change, parameters, failure }: ReloadChange,
  uid: number | null,
  at: Date,
  state: State | null,
): NewEvent {
  const cause = failure === undefined ? words[change] : `not ${words[change]}`;
  const what = parameters.join(', ');
  const detail = failure === undefined ? what : `${what}: ${failure.message}`;
  const data = { uid, change, parameters: parameters.join(' '), failed: failure !== undefined };
  return { kind: 'reload', at, jail, from: state, to: state, cause, detail, data };
}
