import type { Sort } from './sample.js';

/** What the one at the terminal has chosen. */
export interface View {
  readonly sort: Sort;
  readonly reversed: boolean;
  readonly offset: number;
  readonly filter: string;
  /** The filter is being typed. */
  readonly typing: boolean;
  readonly paused: boolean;
  readonly help: boolean;
}

export const firstView: View = {
  sort: 'cpu',
  ...{ reversed: false, offset: 0, filter: '', typing: false, paused: false, help: false },
};

/** The key that sorts by it → what is sorted by. */
export const sortKeys: Readonly<Record<string, Sort>> = {
  ...{ c: 'cpu', m: 'memory', i: 'io', n: 'network', p: 'pids', a: 'name' },
};

const SEQUENCES: Readonly<Record<string, string>> = {
  ...{ '[A': 'up', OA: 'up', '[B': 'down', OB: 'down', '[5~': 'page-up', '[6~': 'page-down' },
  ...{ '[H': 'home', OH: 'home', '[1~': 'home', '[F': 'end', OF: 'end', '[4~': 'end' },
};
const CONTROLS: Readonly<Record<string, string>> = {
  ...{ '\r': 'enter', '\n': 'enter', '\u007f': 'rubout', '\b': 'rubout', '\u0015': 'clear' },
  ...{ '\u0003': 'quit', '\u0004': 'quit' },
};

/** Nobody types more at a time. */
const MOST_KEYS = 64;
const MOST_FILTER = 64;

/** The keys in what a terminal sends: words for those that have no character. ECMA-48, xterm's ctlseqs. */
export function keysOf(bytes: Buffer): readonly string[] {
  const pieces = bytes.toString('utf8').match(/\u001b(?:\[[0-9;]*[ -/]*[@-~]|O[A-Za-z])|[^]/gu) ?? [];
  return pieces.slice(0, MOST_KEYS).flatMap((text): readonly string[] => {
    if (text === '\u001b') return ['escape'];
    if (text.startsWith('\u001b'))
      return SEQUENCES[text.slice(1)] === undefined ? [] : [SEQUENCES[text.slice(1)] ?? ''];
    const control = CONTROLS[text];
    return control === undefined ? [text] : [control];
  });
}

/** How many rows a key goes on: the screen has `page` of them, the list `total`. */
function step(key: string, page: number, total: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ...{ up: -1, k: -1, down: 1, j: 1, 'page-up': -page, 'page-down': page, home: -total, end: total },
  };
  return steps[key] ?? null;
}

function typed(view: View, key: string): View {
  if (key === 'enter') return { ...view, typing: false };
  if (key === 'escape' || key === 'quit') return { ...view, typing: false, filter: '' };
  const offset = 0;
  if (key === 'rubout') return { ...view, offset, filter: Array.from(view.filter).slice(0, -1).join('') };
  if (key === 'clear') return { ...view, offset, filter: '' };
  const isCharacter = Array.from(key).length === 1 && key >= ' ';
  return isCharacter && view.filter.length < MOST_FILTER
    ? { ...view, offset, filter: view.filter + key }
    : view;
}

/** What a key makes of the view; null ends. */
export function press(view: View, key: string, page: number, total: number): View | null {
  if (view.typing) return typed(view, key);
  if (key === 'q' || key === 'Q' || key === 'quit') return null;
  const sort = Object.hasOwn(sortKeys, key) ? sortKeys[key] : undefined;
  if (sort !== undefined) return { ...view, sort, reversed: false, offset: 0 };
  const by = step(key, Math.max(1, page), total);
  if (by !== null) return { ...view, offset: Math.max(0, Math.min(view.offset + by, total - page)) };
  if (key === 'r') return { ...view, reversed: !view.reversed, offset: 0 };
  if (key === '/') return { ...view, typing: true };
  if (key === ' ') return { ...view, paused: !view.paused };
  if (key === 'h' || key === '?') return { ...view, help: !view.help };
  if (key === 'escape') return { ...view, filter: '', help: false };
  return view;
}
