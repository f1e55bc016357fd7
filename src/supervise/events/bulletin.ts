import type { Clock } from '../clock.js';
import type { Health, HealthResult } from '../health/health.js';
import type { Incarnation } from '../incarnation.js';
import type { JailEvent, Journal } from './journal.js';
import { shown, type Phase } from '../lifecycle.js';
import type { LossEvent } from '../lost-output.js';
import type { LastExit } from '../operations.js';

type News = Pick<JailEvent, 'kind' | 'cause' | 'detail'> & Pick<Partial<JailEvent>, 'data'>;

/** Writes down what happens to one jail, for whoever looks at it from outside. */
export class Bulletin {
  private said: LastExit | null = null;

  constructor(
    private readonly jail: { readonly name: string; readonly phase: Phase },
    private readonly journal: Journal,
    private readonly clock: Clock,
  ) {}

  /** It has come from one phase into the one that it is in. */
  moved(from: Phase, cause: string, detail: string): void {
    this.append({ kind: 'state', cause, detail }, from);
  }

  /** It is ready. */
  started(life: Incarnation, restarts: number): void {
    const latency = life.begunAt === null ? null : this.clock.monotonic() - life.begunAt;
    this.append({ kind: 'start', cause: 'ready', detail: '', data: { latency_ms: latency, restarts } });
  }

  /** A life of it, or an attempt at one, is over; told once for each. */
  ended(exit: LastExit): void {
    if (this.said === exit) return;
    this.said = exit;
    const data = {
      code: exit.how === 'exit' ? exit.code : null,
      signal: exit.how === 'signal' ? exit.code : null,
      oom: exit.oom,
      cause: exit.reason ?? null,
      up_ms: exit.upMs ?? 0,
    };
    this.append({ kind: 'exit', cause: exit.reason ?? 'exit', detail: exit.cause, data });
    if (exit.oom) this.append({ kind: 'oom', cause: 'out of memory', detail: exit.cause });
  }

  /** Its health is another one now. */
  turned({ verdict, streak }: Health, { output }: HealthResult): void {
    this.append({ kind: 'health', cause: verdict, detail: output, data: { verdict, failures: streak } });
  }

  /** Output of it did not get to where it should. */
  lost(loss: LossEvent): void {
    this.append({ ...loss, data: { ...loss.data } });
  }

  private append(news: News, from = this.jail.phase): void {
    const { name, phase } = this.jail;
    const at = new Date(this.clock.now());
    this.journal.append({ ...news, at, jail: name, from: shown(from), to: shown(phase) });
  }
}
