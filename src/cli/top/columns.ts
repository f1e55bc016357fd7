import { sizeText } from '../../config/values/quantity.js';
import { span } from '../render.js';
import type { State } from '../../supervise/operations.js';
import type { Row, Waits } from './figures.js';
import { alarm, bar, column, piece, type Ink, type Piece, type Style } from './ink.js';
import type { Sort } from './sample.js';
import { fit, harmless, widthOf } from './width.js';

/** What a column shows of a jail, in exactly so many places. */
export interface Column {
  readonly title: string;
  /** What it is sorted by when its title is lit. */
  readonly sort?: Sort;
  readonly width: number;
  readonly side: 'left' | 'right';
  readonly cell: (row: Row, width: number, style: Style) => readonly Piece[];
}

const stateInk: Readonly<Record<State, Ink>> = {
  ...{ running: 'good', paused: 'calm', stopped: 'dim', ended: 'dim', failed: 'strong', stuck: 'strong' },
  ...{
    waiting: 'busy',
    preparing: 'busy',
    starting: 'busy',
    stopping: 'busy',
    cleaning: 'busy',
    backoff: 'bad',
  },
};

/** The ink of a state's name. */
export const inkOf = (state: State): Ink => stateInk[state];

/** A number of at most so many characters: fewer decimals the larger it is. */
export function figure(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  return value.toFixed(1);
}

const nothing = (width: number): readonly Piece[] => [piece(fit('-', width, 'right'), 'dim')];
const right = (text: string, width: number, ink: Ink = 'plain'): Piece =>
  piece(fit(text, width, 'right'), ink);

function amount(value: number | null, width: number): readonly Piece[] {
  if (value === null) return nothing(width);
  return [right(sizeText(Math.round(value)), width, value < 1 ? 'dim' : 'plain')];
}

/** Two amounts in one column: read and written, received and sent. */
function pair(one: number | null, other: number | null, width: number): readonly Piece[] {
  const half = Math.floor((width - 1) / 2);
  return [...amount(one, half), piece(' '.repeat(width - 2 * half)), ...amount(other, half)];
}

const NUMBER = 5;

function cpu({ cpu: percent }: Row, width: number, style: Style): readonly Piece[] {
  if (percent === null) return [...nothing(NUMBER), piece(' '.repeat(width - NUMBER))];
  const ink = percent < 0.05 ? 'dim' : 'plain';
  const number = right(figure(percent), NUMBER, ink);
  const places = width - NUMBER - 1;
  return places < 1
    ? [number]
    : [number, piece(' '), ...bar(percent / 100, places, alarm(percent, 60, 95), style)];
}

const SHARE = 4;

/** Bytes, and where there is a limit how much of it they are, as a number and a bar. */
function memory({ memory: used, memoryMax: most }: Row, width: number, style: Style): readonly Piece[] {
  const bytes = amount(used, NUMBER);
  const places = width - NUMBER - SHARE - 2;
  if (places < 1) return bytes;
  if (used === null || most === null || most <= 0) return [...bytes, piece(' '.repeat(width - NUMBER))];
  const percent = (used / most) * 100;
  const ink = alarm(percent, 75, 90);
  const text = right(`${Math.min(999, Math.round(percent))}%`, SHARE, ink === 'good' ? 'plain' : ink);
  return [...bytes, piece(' '), ...bar(used / most, places, ink, style), piece(' '), text];
}

const waitInk = (percent: number): Ink => alarm(percent, 10, 40);

/** One character each, for narrow screens. */
function waitColumns({ waits }: Row, _width: number, style: Style): readonly Piece[] {
  const kinds = [waits.cpu, waits.memory, waits.io];
  return kinds.flatMap((percent, i) => [
    piece(i === 0 ? '' : ' '),
    percent === null ? piece('-', 'dim') : column(percent / 100, waitInk(percent), style),
  ]);
}

function wait(kind: keyof Waits): Column['cell'] {
  return ({ waits }, width, style) => {
    const percent = waits[kind];
    if (percent === null) return [...nothing(NUMBER), piece(' '.repeat(width - NUMBER))];
    const ink = percent < 0.05 ? 'dim' : percent < 10 ? 'plain' : waitInk(percent);
    const number = right(figure(percent), NUMBER, ink);
    const places = width - NUMBER - 1;
    return places < 1
      ? [number]
      : [number, piece(' '), ...bar(percent / 100, places, waitInk(percent), style)];
  };
}

const count = (value: number | null, width: number): readonly Piece[] =>
  value === null ? nothing(width) : [right(String(value), width, value === 0 ? 'dim' : 'plain')];

/** All columns by their names, as wide as they are at least. */
export const columns = {
  name: {
    ...{ title: 'NAME', sort: 'name', width: 11, side: 'left' },
    cell: ({ name }, width) => [piece(fit(harmless(name), width), 'bold')],
  },
  state: {
    ...{ title: 'STATE', width: 9, side: 'left' },
    cell: ({ state }, width) => [piece(fit(state, width), inkOf(state))],
  },
  cpu: { title: ' CPU%', sort: 'cpu', width: NUMBER, side: 'left', cell: cpu },
  memory: { title: '  MEM', sort: 'memory', width: NUMBER, side: 'left', cell: memory },
  limit: {
    ...{ title: 'LIMIT', width: 5, side: 'right' },
    cell: ({ memoryMax }, width) => amount(memoryMax, width),
  },
  waits: { title: 'C M I', width: 5, side: 'left', cell: waitColumns },
  waitCpu: { title: 'PSI C', width: NUMBER, side: 'left', cell: wait('cpu') },
  waitMemory: { title: 'PSI M', width: NUMBER, side: 'left', cell: wait('memory') },
  waitIo: { title: 'PSI I', width: NUMBER, side: 'left', cell: wait('io') },
  io: {
    ...{ title: 'READ  WRITE', sort: 'io', width: 11, side: 'right' },
    cell: ({ ioRead, ioWritten }, width) => pair(ioRead, ioWritten, width),
  },
  network: {
    ...{ title: 'RECV   SENT', sort: 'network', width: 11, side: 'right' },
    cell: ({ received, sent }, width) => pair(received, sent, width),
  },
  pids: {
    ...{ title: 'PIDS', sort: 'pids', width: 4, side: 'right' },
    cell: ({ pids }, width) => count(pids, width),
  },
  restarts: {
    ...{ title: 'RST', width: 3, side: 'right' },
    cell: ({ restarts }, width) => count(Math.min(999, restarts), width),
  },
  up: {
    ...{ title: 'UP', width: 4, side: 'right' },
    cell: ({ upMs }, width) => (upMs === null ? nothing(width) : [right(span(upMs), width)]),
  },
} as const satisfies Readonly<Record<string, Column>>;
export type ColumnName = keyof typeof columns;

/** What a wider screen has more of, the most wanted first: a column, or more places for one. */
const wishes: readonly (readonly [column: ColumnName, width: number])[] = [
  ...([
    ['state', 9],
    ['cpu', 12],
    ['memory', 17],
    ['io', 11],
    ['waits', 5],
    ['pids', 4],
    ['up', 4],
  ] as const),
  ...([
    ['name', 16],
    ['network', 11],
    ['restarts', 3],
    ['cpu', 16],
    ['memory', 21],
  ] as const),
  ...([
    ['waitCpu', 5],
    ['waitMemory', 5],
    ['waitIo', 5],
    ['limit', 5],
    ['name', 24],
  ] as const),
  ...([
    ['waitCpu', 12],
    ['waitMemory', 12],
    ['waitIo', 12],
    ['cpu', 22],
    ['memory', 27],
  ] as const),
  ...([
    ['name', 32],
    ['cpu', 36],
    ['memory', 41],
  ] as const),
];

const FIRST: readonly ColumnName[] = ['name', 'cpu', 'memory'];
const WAITS: readonly ColumnName[] = ['waitCpu', 'waitMemory', 'waitIo'];
const SMALLEST = 24;

const sum = (widths: Iterable<number>): number => [...widths].reduce((all, one) => all + one + 1, -1);

/** The columns that fit into so many places, in the order of the table, with the places that each has. */
export function chooseColumns(places: number, names: readonly string[]): ReadonlyMap<ColumnName, number> {
  const longest = Math.max(4, ...names.map((name) => widthOf(harmless(name))));
  const first = FIRST.map((name): [ColumnName, number] => [name, columns[name].width]);
  let chosen = new Map<ColumnName, number>(first);
  if (places < SMALLEST) return new Map([['name', places]]);
  for (const [name, width] of wishes) {
    const wanted = name === 'name' ? Math.min(width, Math.max(longest, columns.name.width)) : width;
    const next = new Map(chosen).set(name, wanted);
    if (WAITS.includes(name) && !chosen.has(name)) {
      // The numbers take the place of the three characters, all of them or none.
      next.delete('waits');
      for (const other of WAITS) next.set(other, NUMBER);
    }
    if (sum(next.values()) <= places) chosen = next;
  }
  const order = (Object.keys(columns) as ColumnName[]).filter((name) => chosen.has(name));
  return new Map(order.map((name) => [name, chosen.get(name) ?? 0]));
}
