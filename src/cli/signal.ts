import { constants } from 'node:os';
import { suggestion, wrongUse } from './words.js';

/** The real-time signals as signal(7) counts them; Node does not name them. */
const RTMIN = 34;
const RTMAX = 64;
const numbers: Readonly<Record<string, number>> = constants.signals;

/** The number of a signal: "TERM", "SIGTERM", "15", "RTMIN+3". Throws Refusal when there is none such. */
export function signalNumber(text: string): number {
  const word = text.toUpperCase().replace(/^SIG/, '');
  const found = /^\d+$/.test(word) ? Number(word) : (numbers[`SIG${word}`] ?? realTimeSignal(word));
  if (found !== undefined && found >= 1 && found <= RTMAX) return found;
  const known = Object.keys(numbers).map((name) => name.slice(3));
  throw wrongUse(
    `there is no signal "${text}"`,
    suggestion(word, known, 'TERM, KILL, HUP, USR1, … or a number'),
  );
}

function realTimeSignal(word: string): number | undefined {
  const [, base, offset = '0'] = /^(RTMIN\+?|RTMAX-?)(\d*)$/.exec(word) ?? [];
  if (base === undefined) return undefined;
  return base.startsWith('RTMIN') ? RTMIN + Number(offset) : RTMAX - Number(offset);
}
