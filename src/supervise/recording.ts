import { recordOf, type Recordable } from './adoption.js';
import { unknownHealth } from './health/health.js';
import { recorded, type Phase } from './lifecycle.js';
import type { Records } from './records.js';

interface Recorded extends Recordable {
  readonly phase: Phase;
}

/** Keeps the record of one jail: what it is about to do and what is wanted then, written down once for each. */
export class Recording {
  /** What it says. */
  private said = '';
  /**
   * The jail begins anew at once. Until that is planned its record goes on to tell of its cleaning, after which a later jaild
   * judges as this one has: to write of a rest that is none, and to take a directory away and make it again, takes time.
   */
  private isResuming = false;

  constructor(
    private readonly jail: Recorded,
    private readonly records: Records,
    private readonly bootId: () => string,
  ) {}

  /** To be called in every phase that is entered, and when anything else is wanted. */
  note(): void {
    const { phase, standing, definition, minding, target, startKept, life, mode } = this.jail;
    if (phase === 'stopped') this.close();
    const doing = recorded[phase] ?? (standing === null ? undefined : 'backoff');
    const { ready = 'exec' } = definition.values;
    const isReady = ready !== 'exec' && minding?.said.ready === true;
    const { verdict, streak } = minding?.health ?? unknownHealth;
    const words = [doing, target, startKept, isReady, verdict, streak, life?.lostOutput.bytes].join(' ');
    if (doing === undefined || words === this.said) return;
    const isAtRest = doing === 'backoff' || doing === 'ended' || doing === 'failed';
    if (isAtRest ? mode.foreground || this.isResuming : (life?.plan ?? null) === null) return;
    this.said = words;
    this.records.save(recordOf(this.jail, doing, this.bootId()));
  }

  /** There is another plan, or definition: whatever the record says, it is written. */
  noteAnew(): void {
    this.said = '';
    this.isResuming = false;
    this.note();
  }

  /** Another life begins: what is said of it is new, also in the words of the one before. */
  begin(): void {
    this.said = '';
  }

  /** It is cleaned. @param resumes whether what follows, in this turn of the event loop or the next, is another life */
  clean(resumes: boolean): void {
    this.isResuming = resumes;
  }

  /** What follows its cleaning is on record: what stands of its network is to be so at any time. */
  settle(): void {
    if (!this.isResuming) this.records.remove(this.jail.name);
  }

  /** Nothing is to be known of it any more. */
  private close(): void {
    this.records.forget(this.jail.name);
    if (this.isResuming) this.records.remove(this.jail.name);
    this.isResuming = false;
  }
}
