import { performance } from 'node:perf_hooks';
import type { Gesture } from '../../control/live.js';
import type { DaemonContext } from '../context.js';
import { clock } from '../render.js';
import { figuresOf } from './figures.js';
import { frame, roomFor, type Size } from './frame.js';
import { styleOf } from './ink.js';
import { pauseAfter, Waiting } from './pace.js';
import { takeSample, type Question, type Sample } from './sample.js';
import { redraw, screen } from './screen.js';
import { firstView, keysOf, press, type View } from './view.js';

/** What to be shown is asked for with. */
export interface Wish {
  /** Only these jails, where any are named. */
  readonly names: ReadonlySet<string>;
  /** Milliseconds between two readings. */
  readonly delayMs: number;
}

/** How soon the second reading follows the first: until then nothing is known of what grows. */
const SOON_MS = 300;
/** How soon a key is seen. */
const KEY_MS = 30;
/** Of a terminal that does not know its size. */
const USUAL: Size = { columns: 80, rows: 24 };
/** No terminal is larger; to draw one takes time that jaild has for others. */
const LARGEST: Size = { columns: 1000, rows: 500 };

const within = ({ columns, rows }: Size): Size => ({
  columns: Math.min(columns, LARGEST.columns),
  rows: Math.min(rows, LARGEST.rows),
});

/** The screen of one who looks on, until he has seen enough. */
export class Live {
  readonly #context: DaemonContext;
  readonly #wish: Wish;
  readonly #waiting: Waiting;
  #view: View = firstView;
  #size: Size = USUAL;
  #locale = '';
  #isOver = false;
  #isStale = true;
  #shown: readonly string[] | null = null;
  #before: Sample | null = null;
  #now: Sample | null = null;

  constructor(context: DaemonContext, wish: Wish) {
    this.#context = context;
    this.#wish = wish;
    this.#waiting = new Waiting(context.signal);
  }

  /** Rejects with SystemError. */
  async run(): Promise<void> {
    const { takeTerminal, signal, drained } = this.#context;
    const release = takeTerminal?.(screen, (gesture) => this.#hear(gesture));
    try {
      await this.#waiting.pause(SOON_MS); // for the size of the screen
      while (!this.#isOver && !signal.aborted) {
        const began = performance.now();
        const delay = this.#read(began);
        this.#draw();
        await this.#rest(performance.now() - began, began, delay);
        // A terminal that is stopped is not drawn on.
        await drained();
      }
    } finally {
      release?.();
    }
  }

  /** Until the next reading, or a key; in both cases not before the pace allows it. */
  async #rest(costMs: number, began: number, delayMs: number): Promise<void> {
    const least = pauseAfter(costMs, KEY_MS);
    const due = began + Math.max(delayMs, least);
    await this.#waiting.pause(due - performance.now());
    const early = began + least - performance.now();
    if (early > 0 && !this.#isOver) await new Promise((resolve) => setTimeout(resolve, early));
    this.#isStale ||= performance.now() >= due - 1;
  }

  /** Reads anew where it is time, or other jails are to be shown; gives the milliseconds until the next time. */
  #read(at: number): number {
    const { delayMs } = this.#wish;
    const isKnown = this.#now !== null && this.#now.sort === this.#view.sort;
    if (this.#view.paused && this.#now !== null) return delayMs;
    if (this.#isStale || !isKnown) this.#before = this.#now;
    this.#isStale = false;
    this.#now = takeSample(this.#context.operations, this.#question(), at, this.#before);
    return isKnown ? delayMs : Math.min(delayMs, SOON_MS);
  }

  #question(): Question {
    const { sort, reversed, filter, offset, help } = this.#view;
    return { sort, reversed, filter, names: this.#wish.names, offset, rows: roomFor(this.#size, help) };
  }

  #draw(): void {
    const { terminal, out, now } = this.#context;
    if (this.#now === null || this.#isOver) return;
    const figures = figuresOf(this.#now, this.#before, this.#question());
    const style = styleOf(terminal.term, this.#locale, terminal.colour);
    const time = clock(now()).slice(-8);
    const lines = frame(figures, this.#view, this.#size, style, time);
    out(redraw(this.#shown, lines));
    this.#shown = lines;
  }

  #hear(gesture: Gesture): void {
    if (gesture.kind === 'typed') this.#press(keysOf(gesture.bytes));
    else {
      const { columns, rows, locale } = gesture;
      this.#size = columns > 0 && rows > 0 ? within({ columns, rows }) : USUAL;
      this.#locale = locale;
      this.#shown = null;
    }
    this.#waiting.wake();
  }

  #press(keys: readonly string[]): void {
    for (const key of keys) {
      const page = roomFor(this.#size, this.#view.help);
      const view = press(this.#view, key, page, this.#now?.order.length ?? 0);
      this.#isOver ||= view === null;
      this.#view = view ?? this.#view;
    }
  }
}
