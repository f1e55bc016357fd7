import { clip, widthOf } from './width.js';

/** How a piece of a line looks; bars have a ground of their own, so that their full length is seen. */
const CODES = {
  plain: '',
  bold: '1',
  dim: '2',
  title: '7',
  sorted: '1;7',
  good: '32',
  busy: '33',
  bad: '31',
  strong: '1;31',
  calm: '36',
} as const;
export type Ink = keyof typeof CODES;

/** A piece of a line in one ink. */
export interface Piece {
  readonly text: string;
  readonly ink: Ink;
  /** Part of a bar. */
  readonly onGround?: boolean;
}

/** What a terminal can show. */
export interface Style {
  readonly colour: boolean;
  /** The 256 colours of xterm. */
  readonly shades: boolean;
  /** Blocks of an eighth, and arrows. */
  readonly unicode: boolean;
}

/** What a terminal of this kind shows: $TERM, and the locale of its characters. */
export function styleOf(term: string, locale: string, colour: boolean): Style {
  const hasBlocks = !/^(dumb|linux|vt\d|cons|ansi|sun)/.test(term);
  return {
    colour,
    shades: /256|direct|kitty|alacritty/.test(term),
    unicode: hasBlocks && /utf-?8/i.test(locale),
  };
}

export const piece = (text: string, ink: Ink = 'plain'): Piece => ({ text, ink });

/** The ink of a share in percent: the more of it, the more it calls. */
export function alarm(percent: number, busy: number, bad: number): Ink {
  if (percent >= bad) return 'bad';
  return percent >= busy ? 'busy' : 'good';
}

const GROUND = '48;5;237';

function paint({ text, ink, onGround = false }: Piece, { colour, shades }: Style): string {
  const codes = [CODES[ink], onGround && shades ? GROUND : ''].filter((code) => code !== '');
  return colour && codes.length > 0 && text !== '' ? `\u001b[${codes.join(';')}m${text}\u001b[0m` : text;
}

/** A line of these pieces that takes at most so many places. */
export function line(pieces: readonly Piece[], places: number, style: Style): string {
  let left = places;
  let text = '';
  for (const one of pieces) {
    const shown = clip(one.text, left);
    text += paint({ ...one, text: shown }, style);
    left -= widthOf(shown);
  }
  return text;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of so many places, full at a share of 1. */
export function bar(
  share: number,
  places: number,
  ink: Ink,
  { unicode, colour, shades }: Style,
): readonly Piece[] {
  const filled = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * places;
  const rest = colour && shades ? ' ' : unicode ? '·' : '.';
  // Whatever is there at all is seen.
  const eighths = Math.max(share > 0 ? 1 : 0, Math.round(filled * 8));
  const whole = unicode ? Math.floor(eighths / 8) : Math.round(Math.max(filled, share > 0 ? 0.5 : 0));
  const text = unicode
    ? '█'.repeat(whole) + (EIGHTHS[eighths % 8] ?? '')
    : '#'.repeat(Math.min(whole, places));
  return [
    { text, ink, onGround: true },
    { text: rest.repeat(Math.max(0, places - widthOf(text))), ink: 'dim', onGround: true },
  ];
}

const HEIGHTS = '▁▂▃▄▅▆▇█';

/** A share of 1 as the height of one character: a digit for tenths where there are no blocks. */
export function column(share: number, ink: Ink, { unicode }: Style): Piece {
  const eighth = Math.min(8, Math.ceil(Math.max(0, share) * 8));
  if (unicode)
    return { text: eighth === 0 ? '·' : (HEIGHTS[eighth - 1] ?? '█'), ink: eighth === 0 ? 'dim' : ink };
  const tenth = Math.min(9, Math.ceil(Math.max(0, share) * 10));
  return { text: tenth === 0 ? '.' : String(tenth), ink: tenth === 0 ? 'dim' : ink };
}
