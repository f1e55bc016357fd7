import { Refusal } from '../control/failure.js';
import { eventKinds, type EventKind, type Events, type JailEvent } from '../supervise/events/journal.js';
import { daemonCommand } from './command.js';
import { done, type CommandResult, type DaemonContext } from './context.js';
import { jsonWriter, lineWriter, type EventWriter } from './event-lines.js';
import { noSuchJail } from './jails.js';
import { readMoment } from './moment.js';
import { wrongUse } from './words.js';

/** Events that are written in one go: whoever reads slowly has no more than these waiting for him. */
const BATCH = 256;
/** Of those that are kept, shown before following. */
const SHOWN_FIRST = 10;

type Test = (event: JailEvent) => boolean;

interface Wish {
  readonly isWanted: Test;
  readonly writer: EventWriter;
  readonly follow: boolean;
}

/** Writes the events after `seq`, and those that come when they are followed. */
async function tell(context: DaemonContext, seq: number, wish: Wish): Promise<CommandResult> {
  const { operations, out, drained, signal } = context;
  const { journal } = operations;
  if (wish.follow) context.follows();
  let at = seq;
  const changes = watchChanges(journal, signal);
  try {
    while (!signal.aborted) {
      const batch = journal.since(at, BATCH);
      const skipped = (batch[0]?.seq ?? at + 1) - at - 1;
      const text = batch.filter(wish.isWanted).map(wish.writer.line).join('');
      if (skipped > 0) out(wish.writer.skipped(skipped, at + skipped));
      if (text !== '') out(text);
      at = batch.at(-1)?.seq ?? at;
      await drained();
      if (journal.last > at) continue;
      if (!wish.follow) return done;
      if (journal.hasEnded)
        throw new Refusal(1, 'jaild has ended', `jailctl events -f --since ${at} goes on`);
      await changes.next();
    }
    return done;
  } finally {
    changes.close();
  }
}

/** Resolves `next()` when there is something that was not there at the call before. */
function watchChanges(journal: Events, signal: AbortSignal) {
  let changed = false;
  let wake = (): void => undefined;
  const note = (): void => {
    changed = true;
    wake();
  };
  const close = journal.listen(note);
  signal.addEventListener('abort', note);
  return {
    next: async (): Promise<void> => {
      if (!changed && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      changed = false;
    },
    close: (): void => {
      close();
      signal.removeEventListener('abort', note);
    },
  };
}

/** The number before the first event to show. A number that was not reached yet is of an earlier boot. */
function startOf(journal: Events, since: string | undefined, now: Date): number {
  if (since === undefined) return before(journal.since(0)[0]);
  if (/^\d{1,15}$/.test(since)) return Number(since) > journal.last ? 0 : Number(since);
  const moment = readMoment(since, now);
  if (moment === null)
    throw wrongUse(
      `--since ${since}: neither a number nor a time`,
      'the seq of an event, a span like 10m, 2h, 3d, or a time like 2026-11-22T03:16',
    );
  const first = journal.since(0).find(({ at }) => at >= moment);
  return first === undefined ? journal.last : before(first);
}

const before = (event: JailEvent | undefined): number => (event?.seq ?? 1) - 1;

/** The number before the last so many that are wanted. */
function lastOf(journal: Events, from: number, most: number, isWanted: Test): number {
  if (most === 0) return journal.last;
  const wanted = journal.since(from).filter(isWanted);
  return wanted.length > most ? before(wanted.at(-most)) : from;
}

function readKinds(words: readonly string[]): readonly EventKind[] {
  const isKind = (word: string): word is EventKind => Object.hasOwn(eventKinds, word);
  return words.map((word) => {
    if (isKind(word)) return word;
    throw wrongUse(`there is no kind "${word}"`, `one of ${Object.keys(eventKinds).join(', ')}`);
  });
}

/** Jails that are gone are known by what is kept of them. Throws Refusal. */
function checkNames(names: readonly string[], { operations }: DaemonContext): void {
  for (const name of names) {
    if (operations.has(name) || operations.journal.since(0).some(({ jail }) => jail === name)) continue;
    throw noSuchJail(name, operations);
  }
}

function readCount(lines: string | undefined): number | undefined {
  if (lines !== undefined && !/^\d{1,9}$/.test(lines)) throw wrongUse(`-n ${lines}: not a number of events`);
  return lines === undefined ? undefined : Number(lines);
}

export const events = daemonCommand({
  name: 'events',
  summary: 'Show what has happened to jails, and what happens from now on.',
  description:
    'As much as is kept since the host booted, which the end of jaild does not touch; of some jails or of all, and of jaild itself. ' +
    `-f begins with the last ${SHOWN_FIRST} where neither -n nor --since says otherwise, and ends with jaild, with exit status 1.`,
  operands: '[NAME...]',
  completes: 'jail',
  options: {
    follow: { type: 'boolean', short: 'f', summary: 'Go on with what happens from now on.' },
    json: { type: 'boolean', summary: 'A line of JSON for each, for programs.' },
    lines: { type: 'string', short: 'n', value: 'N', summary: 'The last N only.' },
    since: {
      type: 'string',
      value: 'T',
      summary: 'After the event of that number, or from a time on: 10m, 2h, 2026-11-22T03:16.',
    },
    kind: {
      type: 'string',
      multiple: true,
      value: 'KIND',
      summary: `Only these: ${Object.keys(eventKinds).join(', ')}.`,
    },
  },
  needs: 'operator',
  run: (context, { options, operands }) => {
    const { follow, lines, since } = options;
    const { operations, terminal, now } = context;
    const { journal } = operations;
    const kinds = new Set(readKinds(options.kind));
    const most = readCount(lines) ?? (follow && since === undefined ? SHOWN_FIRST : Infinity);
    checkNames(operands, context);
    const names = new Set(operands);
    const isWanted: Test = ({ kind, jail }) =>
      (kinds.size === 0 || kinds.has(kind)) && (names.size === 0 || (jail !== null && names.has(jail)));
    const seen = operands.length > 0 ? operands : operations.glance().map(({ name }) => name);
    const writer = options.json ? jsonWriter : lineWriter(seen, terminal);
    const from = lastOf(journal, startOf(journal, since, now()), most, isWanted);
    return tell(context, from, { isWanted, writer, follow });
  },
});
