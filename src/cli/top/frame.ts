import { sizeText } from '../../config/values/quantity.js';
import type { State } from '../../supervise/operations.js';
import { chooseColumns, columns, figure, inkOf, type Column } from './columns.js';
import type { Figures, Row, Waits } from './figures.js';
import { alarm, bar, line, piece, type Piece, type Style } from './ink.js';
import { fit, harmless, widthOf } from './width.js';
import type { View } from './view.js';

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

type Pieces = readonly Piece[];

const widthOfAll = (pieces: Pieces): number => pieces.reduce((all, { text }) => all + widthOf(text), 0);

/** What stands at both ends of a line; the right one gives way. */
function apart(left: Pieces, right: Pieces, places: number): Pieces {
  const gap = places - widthOfAll(left) - widthOfAll(right);
  return gap < 2 ? left : [...left, piece(' '.repeat(gap)), ...right];
}

const SHOWN_STATES: readonly State[] = [
  ...(['running', 'paused', 'starting', 'preparing', 'waiting', 'stopping', 'cleaning'] as const),
  ...(['backoff', 'stuck', 'failed', 'ended', 'stopped'] as const),
];

function jails({ states, total }: Figures, { filter, typing }: View): Pieces {
  const counted = SHOWN_STATES.flatMap((state): Pieces => {
    const count = states.get(state) ?? 0;
    return count === 0 ? [] : [piece('  '), piece(`${count} ${state}`, inkOf(state))];
  });
  const filtered =
    filter !== '' || typing ? [piece('  /'), piece(harmless(filter) + (typing ? '_' : ''), 'bold')] : [];
  return [piece(` ${total} ${total === 1 ? 'jail' : 'jails'}`, 'bold'), ...counted, ...filtered];
}

function right({ host }: Figures, { paused }: View, clock: string): Pieces {
  const load = host.load.map((one) => one.toFixed(2)).join(' ');
  const word = paused ? [piece('PAUSED', 'busy'), piece('  ')] : [];
  return [...word, piece('load ', 'dim'), piece(load), piece(`  ${clock} `, 'dim')];
}

const percent = (value: number | null): string => (value === null ? '-' : `${figure(value)}%`);

function meter(title: string, share: number | null, places: number, style: Style): Pieces {
  const value = share ?? 0;
  return [piece(` ${title} `, 'dim'), ...bar(value, places, alarm(value * 100, 60, 90), style), piece(' ')];
}

function processor({ host }: Figures, places: number, style: Style): Pieces {
  // The kernel counts in ticks, which may come to a little more than there is.
  const share = host.cpu === null ? null : Math.min(1, host.cpu / 100 / host.processors);
  const many = `of ${host.processors} ${host.processors === 1 ? 'processor' : 'processors'}`;
  return [
    ...meter('CPU', share, places, style),
    piece(fit(percent(share === null ? null : share * 100), 6, 'right')),
    piece(` ${many}`, 'dim'),
    piece('  jails ', 'dim'),
    piece(percent(host.jailsCpu === null ? null : host.jailsCpu / host.processors)),
  ];
}

function memory({ host }: Figures, places: number, style: Style): Pieces {
  const share = host.memoryTotal > 0 ? host.memoryUsed / host.memoryTotal : null;
  return [
    ...meter('Mem', share, places, style),
    piece(fit(sizeText(host.memoryUsed), 6, 'right')),
    piece(` of ${sizeText(host.memoryTotal)}`, 'dim'),
    piece('  jails ', 'dim'),
    piece(host.jailsMemory === null ? '-' : sizeText(host.jailsMemory)),
  ];
}

function waits({ host }: Figures, places: number): Pieces {
  const kinds = Object.entries(host.waits) as readonly (readonly [keyof Waits, number | null])[];
  if (kinds.every(([, value]) => value === null)) return [];
  const shown = kinds.flatMap(([kind, value]): Pieces => {
    const ink = value !== null && value >= 10 ? alarm(value, 10, 40) : 'plain';
    return [piece(` ${kind} `, 'dim'), piece(percent(value), ink)];
  });
  return [piece(places < 100 ? 'psi' : 'pressure', 'dim'), ...shown, piece(' ')];
}

const LEAST_BAR = 6;

/** Up to three lines of the whole host, on low screens fewer. */
function header(figures: Figures, view: View, size: Size, style: Style, clock: string): readonly Pieces[] {
  const places = Math.max(LEAST_BAR, Math.min(40, Math.floor(size.columns / 4) - 8));
  const lines = [
    apart(jails(figures, view), right(figures, view, clock), size.columns),
    processor(figures, places, style),
    apart(memory(figures, places, style), waits(figures, size.columns), size.columns),
  ];
  return size.rows >= 8 ? lines : lines.slice(0, 1);
}

/** Those that all screens have room for come first. */
const keys: readonly (readonly [key: string, does: string])[] = [
  ...([
    ['q', 'quit'],
    ['h', 'help'],
    ['c', 'cpu'],
    ['m', 'memory'],
    ['i', 'io'],
    ['n', 'net'],
    ['p', 'pids'],
    ['/', 'filter'],
  ] as const),
  ...([
    ['r', 'reverse'],
    ['space', 'pause'],
    ['a', 'name'],
  ] as const),
];

const HELP: readonly string[] = [
  'CPU%   of one processor            MEM    bytes, and their part of memory.max',
  'C M I  how much of the last ten seconds somebody waited for the processor,',
  '       memory or a disk (PSI some); READ WRITE, RECV SENT: bytes in a second',
  'Arrows, PgUp, PgDn, Home and End scroll; Esc takes the filter away.',
];

function footer({ start, total, rows }: Figures, places: number): Pieces {
  const seen = rows.length < total ? ` ${start + 1}-${start + rows.length} of ${total} ` : '';
  const hints: Piece[] = [];
  for (const [key, does] of keys) {
    const hint = [piece(` ${key}`, 'bold'), piece(` ${does}`, 'dim')];
    if (widthOfAll([...hints, ...hint]) + seen.length + 1 > places) break;
    hints.push(...hint);
  }
  return apart(hints, [piece(seen, 'dim')], places);
}

type Chosen = readonly (readonly [Column, number])[];

function titles(chosen: Chosen, { sort }: View, places: number): Pieces {
  const pieces = chosen.flatMap(([{ title, sort: by, side }, width], i): Pieces => {
    const ink = by === sort ? 'sorted' : 'title';
    return [piece(i === 0 ? '' : ' ', 'title'), piece(fit(title, width, side), ink)];
  });
  return [...pieces, piece(' '.repeat(Math.max(0, places - widthOfAll(pieces))), 'title')];
}

const cells = (row: Row, chosen: Chosen, style: Style): Pieces =>
  chosen.flatMap(([{ cell }, width], i) => [...(i === 0 ? [] : [piece(' ')]), ...cell(row, width, style)]);

function choose(figures: Figures, places: number): Chosen {
  const found = chooseColumns(
    places,
    figures.rows.map(({ name }) => name),
  );
  return [...found].map(([name, width]) => [columns[name], width]);
}

/** How many jails a screen has room for. */
export function roomFor({ rows }: Size, help: boolean): number {
  return Math.max(0, rows - (rows >= 8 ? 3 : 1) - 2 - (help && rows >= 14 ? HELP.length : 0));
}

/** The lines of a whole screen: never more than it has, and none wider. */
export function frame(
  figures: Figures,
  view: View,
  size: Size,
  style: Style,
  clock: string,
): readonly string[] {
  const chosen = choose(figures, size.columns);
  const all: readonly Pieces[] = [
    ...header(figures, view, size, style, clock),
    titles(chosen, view, size.columns),
    ...figures.rows.map((row) => cells(row, chosen, style)),
  ];
  const help = view.help && size.rows >= 14 ? HELP.map((text): Pieces => [piece(` ${text}`)]) : [];
  const room = Math.max(0, size.rows - 1 - help.length);
  const empty = Array.from({ length: Math.max(0, room - all.length) }, (): Pieces => []);
  const screen = [...all.slice(0, room), ...empty, ...help, footer(figures, size.columns)];
  return screen.slice(-size.rows).map((pieces) => line(pieces, size.columns, style));
}

/** The same for somebody who reads on: as many lines as there are jails, and no keys. */
export function page(
  figures: Figures,
  view: View,
  places: number,
  style: Style,
  clock: string,
): readonly string[] {
  const chosen = choose(figures, places);
  const size = { columns: places, rows: Infinity };
  const all: readonly Pieces[] = [
    ...header(figures, view, size, style, clock),
    titles(chosen, view, places),
    ...figures.rows.map((row) => cells(row, chosen, style)),
  ];
  return all.map((pieces) => line(pieces, places, style).trimEnd());
}
