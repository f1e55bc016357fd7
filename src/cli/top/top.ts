import { performance } from 'node:perf_hooks';
import { errorText } from '../../control/failure.js';
import { daemonCommand } from '../command.js';
import type { DaemonContext } from '../context.js';
import { sortNames } from '../jails.js';
import { clock } from '../render.js';
import { wrongUse } from '../words.js';
import { figuresOf } from './figures.js';
import { page } from './frame.js';
import { Live, type Wish } from './live.js';
import { lookOn, pauseAfter, Waiting } from './pace.js';
import { takeSample, type Question, type Sample } from './sample.js';
import { firstView } from './view.js';

/** Where the width of what is printed to is not known. */
const USUAL_COLUMNS = 100;
const SHORTEST_S = 0.1;
const LONGEST_S = 3600;

function delayOf(text: string | undefined): number {
  const seconds = Number(text ?? '1');
  if (!/^\d*\.?\d+$/.test(text ?? '1') || seconds < SHORTEST_S || seconds > LONGEST_S)
    throw wrongUse(`top: -d wants seconds, from ${SHORTEST_S} to ${LONGEST_S}`);
  return seconds * 1000;
}

function countOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw wrongUse('top: -n wants a number of times');
  return Number(text);
}

/** Prints so many times what the delay before has come to. Rejects with SystemError. */
async function print(context: DaemonContext, { names, delayMs }: Wish, times: number): Promise<void> {
  const { operations, signal, terminal, now, out, drained } = context;
  const question: Question = { sort: 'cpu', reversed: false, filter: '', names, offset: 0, rows: Infinity };
  if (times === Infinity) context.follows();
  const waiting = new Waiting(signal);
  const style = { colour: false, shades: false, unicode: false };
  const places = terminal.columns > 0 ? terminal.columns : USUAL_COLUMNS;
  let before: Sample = takeSample(operations, question, performance.now(), null);
  for (let time = 0; time < times; time++) {
    await waiting.pause(pauseAfter(performance.now() - before.at, delayMs));
    if (signal.aborted) return;
    const sample = takeSample(operations, question, performance.now(), before);
    const lines = page(figuresOf(sample, before, question), firstView, places, style, clock(now()));
    out(`${time > 0 ? '\n' : ''}${lines.join('\n')}\n`);
    await drained();
    before = sample;
  }
}

export const top = daemonCommand({
  name: 'top',
  summary: 'Show what jails use right now, those that use most first, until q is typed.',
  description:
    'A line for each jail: the processor in percent of one, since the line was drawn before; memory, and its part of memory.max; how much of the last ten seconds some of its processes waited for the processor, for memory and for disks (C M I: the higher the more; as numbers on wider terminals); bytes read from and written to disks, received and sent in a second; processes and threads; restarts; and since when it is up. How much there is to see depends on the width of the terminal. The keys c, m, i, n, p and a sort by processor, memory, disks, network, processes and name, r turns that round, / asks for a part of the names, the arrows, PgUp and PgDn scroll, space pauses, h tells what the columns are. All who look on together take a tenth of a processor at most: where there are very many jails, the lines change less often.',
  operands: '[NAME...]',
  completes: 'jail',
  options: {
    batch: {
      type: 'boolean',
      short: 'b',
      summary: 'Print line after line, for something that is no terminal.',
    },
    delay: {
      type: 'string',
      short: 'd',
      value: 'SECONDS',
      summary: 'Look so often, instead of each second.',
    },
    times: { type: 'string', short: 'n', value: 'N', summary: 'With -b, end after so many times.' },
  },
  needs: 'operator',
  run: async (context, { options, operands }) => {
    const { known, unknown } = sortNames(operands, context.operations);
    for (const { message, hint } of unknown) context.err(errorText(message, hint));
    if (unknown.length > 0) return { exit: 4 };
    const wish: Wish = { names: new Set(known), delayMs: delayOf(options.delay) };
    const times = countOf(options.times);
    const { stdin, stdout, term } = context.terminal;
    if (options.batch) await lookOn(() => print(context, wish, times));
    else if (options.times !== undefined) throw wrongUse('top: -n is for -b');
    else if (!stdin || !stdout || context.takeTerminal === null || term === 'dumb')
      throw wrongUse('top: there is no terminal to draw on', 'jailctl top -b prints line after line');
    else await lookOn(() => new Live(context, wish).run());
    return { exit: 0 };
  },
});
