import type { EventKind, JailEvent } from '../supervise/events/journal.js';
import type { State } from '../supervise/operations.js';
import type { Terminal } from './context.js';
import { clock, json, paint, printable, type Colour } from './render.js';

/** Writes events, one in a line. */
export interface EventWriter {
  readonly line: (event: JailEvent) => string;
  /** So many are not kept any more, the last of them of this number. */
  readonly skipped: (count: number, seq: number) => string;
}

/** A line of JSON for each: the contract of jailctl(8), to which keys may be added. */
export const jsonWriter: EventWriter = {
  line: ({ seq, at, bootId, monotonicMs, kind, jail, from, to, cause, detail, data }) => {
    const event = {
      ...{ version: 1, seq, at: at.toISOString(), boot_id: bootId, monotonic_ms: monotonicMs },
      ...{ kind, jail, from, to, cause, detail },
    };
    // Its own keys stand first, and are not replaced by figures of the same name.
    return json({ ...event, ...data, ...event });
  },
  skipped: (skipped, seq) => json({ version: 1, seq, kind: 'skipped', skipped }),
};

const KIND_WIDTH = 8;
const MOST_WIDTH = 24;

const kindColours: Readonly<Partial<Record<EventKind, Colour>>> = {
  start: 'green',
  oom: 'red',
  health: 'yellow',
  limit: 'yellow',
  jaild: 'bold',
  reload: 'bold',
};
const stateColours: Readonly<Partial<Record<State, Colour>>> = {
  running: 'green',
  backoff: 'yellow',
  failed: 'red',
  stuck: 'red',
};

/** Lines for people: when, which jail, what. */
export function lineWriter(names: readonly string[], terminal: Terminal): EventWriter {
  const width = Math.min(MOST_WIDTH, Math.max(5, ...names.map((name) => name.length)));
  const edge = terminal.stdout && terminal.columns > 0 ? terminal.columns : Infinity;
  return {
    line: (event) => {
      const head = `${clock(event.at)}  ${printable(event.jail ?? '-').padEnd(width)}  `;
      const kind = event.kind.padEnd(KIND_WIDTH);
      const room = Math.max(20, edge - head.length - kind.length - 2);
      const colour = colourOf(event);
      const words = printable(wordsOf(event)).slice(0, room);
      const shown = colour === undefined ? words : paint(terminal, colour, words);
      return `${paint(terminal, 'dim', head)}${kind}  ${shown}\n`;
    },
    skipped: (count) => paint(terminal, 'yellow', `... ${count} events are not kept any more\n`),
  };
}

function colourOf({ kind, from, to }: JailEvent): Colour | undefined {
  return kind === 'state' && to !== null && from !== to ? stateColours[to] : kindColours[kind];
}

/** An end says itself what it was, but for one that was asked for; lines of a check stand beside each other. */
function wordsOf({ kind, from, to, cause, detail: told }: JailEvent): string {
  const detail = told.trimEnd().replaceAll('\n', ' | ');
  if (kind === 'exit' && cause !== 'stop') return detail;
  const more = detail === '' || detail === cause ? '' : `: ${detail}`;
  return from === to ? `${cause}${more}` : `${from ?? '-'} -> ${to ?? '-'} (${cause})${more}`;
}
