import { expect } from 'chai';
import fc from 'fast-check';
import type { JailParams } from '../../src/config/params.js';
import type { Ended } from '../../src/host/host.js';
import { jail, Stage } from '../support/stage.js';

/** What may happen to a jail: what people ask, what its processes do, what the host does, and time. */
const happening = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('start', 'stop', 'restart', 'force', 'pause', 'resume', 'reload') },
  {
    weight: 3,
    arbitrary: fc.constantFrom('crash', 'end', 'vanish', 'say-ready', 'say-alive', 'say-trigger', 'extend'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'hook-fails',
      'hook-hangs',
      'spawn-fails',
      'all-well',
      'ill',
      'stubborn',
      'slow',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('jaild-dies', 'jaild-hangs', 'stays', 'goes') },
  { weight: 6, arbitrary: fc.constantFrom(0, 50, 500, 3000, 20_000, 100_000) },
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

const kinds: readonly JailParams[] = [
  { 'exec.prestart': ['prestart'], 'exec.stop': ['stop'], 'exec.poststop': ['poststop'] },
  { ready: 'notify', watchdog: 5, 'start.timeout': 10, 'exec.poststart': ['poststart'] },
  { ready: 'health', 'health.command': '/bin/check', 'health.interval': 2, 'health.start_period': 0 },
  { restart: 'always', 'health.command': '/bin/check', 'restart.limit': 3, 'stop.timeout': 1 },
];
const CRASH: Ended = { how: 'signal', code: 11 };
const HOOKS = ['hook.run prestart', 'hook.run poststart', 'hook.run poststop', 'jail.exec stop'];

/** A jail to which things happen, and what was last asked of it. */
class Trial {
  readonly stage: Stage;
  private isIll = false;
  /** What hangs, and can be let go. */
  private readonly held: (() => void)[] = [];
  private wanted: 'up' | 'down' | null = null;
  /** What jaild has not answered yet it has not promised. */
  private unanswered: object | null = null;

  /** How its processes behave from now on, those that run among them. */
  private readonly script = {
    ignoresTerm: false,
    unkillable: false,
    check: () => ({ ended: { how: 'exit' as const, code: this.isIll ? 1 : 0 }, output: '' }),
  };

  constructor(values: JailParams) {
    this.stage = new Stage([jail('web', values)]);
    this.stage.host.scripts.set('web', this.script);
  }

  async meet(what: Happening): Promise<void> {
    if (typeof what === 'number') return this.stage.pass(what);
    const { host, supervisor } = this.stage;
    const jailer = host.jailers.get('web');
    const alive = jailer?.alive === true ? jailer : undefined;
    const deeds: Readonly<Partial<Record<typeof what, () => unknown>>> = {
      start: () => this.ask('up', () => supervisor.start(['web'])),
      restart: () => this.ask('up', () => supervisor.restart(['web'])),
      stop: () => this.ask('down', () => supervisor.stop(['web'])),
      force: () => this.ask('down', () => supervisor.stop(['web'], { force: true })),
      pause: () => void supervisor.pause('web').catch(() => undefined),
      resume: () => void supervisor.resume('web').catch(() => undefined),
      reload: () => void supervisor.reload(false),
      crash: () => alive?.end(CRASH),
      end: () => alive?.end({ how: 'exit', code: 0 }),
      vanish: () => alive?.vanish(),
      'say-ready': () => alive?.notify('READY=1'),
      'say-alive': () => alive?.notify('WATCHDOG=1'),
      'say-trigger': () => alive?.notify('WATCHDOG=trigger'),
      extend: () => alive?.notify('EXTEND_TIMEOUT_USEC=20000000'),
    };
    await (deeds[what] ?? (() => this.suffer(what)))();
  }

  private async suffer(what: Exclude<Happening, number>): Promise<void> {
    const { host } = this.stage;
    if (what === 'hook-fails') for (const hook of HOOKS) host.failing.set(hook, new Error(hook));
    if (what === 'hook-hangs') for (const hook of HOOKS) host.slow.set(hook, this.wait(30_000));
    if (what === 'slow') host.slow.set('cgroup.create', this.wait(1000));
    if (what === 'spawn-fails') host.failing.set('jailer.spawn', new Error('no memory'));
    if (what === 'ill') this.isIll = true;
    if (what === 'stubborn') this.script.ignoresTerm = true;
    if (what === 'stays') this.script.ignoresTerm = this.script.unkillable = true;
    if (what === 'goes') this.relieve();
    if (what === 'all-well') this.mend();
    if (what === 'jaild-hangs') await this.stage.stall(30_000);
    if (what !== 'jaild-dies') return;
    if (this.unanswered !== null) this.wanted = null;
    // What a jaild waited for that is dead never goes on.
    this.held.length = 0;
    host.slow.clear();
    await this.stage.restartDaemon(100);
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.held.push(resolve);
      this.stage.host.clock.setTimeout(ms, resolve);
    });
  }

  private async ask(wanted: 'up' | 'down', act: () => Promise<unknown>): Promise<void> {
    const asked = {};
    this.wanted = wanted;
    this.unanswered = asked;
    void act().then(() => {
      if (this.unanswered === asked) this.unanswered = null;
    });
    await this.stage.pass(0);
  }

  /** What could not be killed is gone at last. */
  private relieve(): void {
    this.script.ignoresTerm = this.script.unkillable = false;
    const { host } = this.stage;
    const jailer = host.jailers.get('web');
    if (jailer?.alive === true && jailer.signals.includes(9)) jailer.end({ how: 'signal', code: 9 });
  }

  private mend(): void {
    this.isIll = false;
    const { host } = this.stage;
    host.failing.clear();
    host.slow.clear();
    for (const release of this.held.splice(0)) release();
    this.relieve();
  }

  /** Nothing happens any more but what is bound to. */
  async comeToRest(): Promise<void> {
    this.mend();
    await this.stage.pass(200_000);
  }

  /** It is as it was last asked to be, or says why not. */
  expectAsAsked(): void {
    const { want, state, gaveUp } = this.stage.status('web');
    if (this.wanted !== null) {
      expect(want).to.equal(this.wanted);
      if (want === 'down') expect(state).to.equal('stopped');
      const rests = ['running', 'paused', 'starting', 'backoff', 'ended'];
      if (want === 'up' && state !== 'failed') expect(rests).to.include(state);
    }
    if (state === 'failed') expect(gaveUp).to.be.a('string');
    expect(this.stage.log.lines.filter((line) => line.includes('second copy'))).to.deep.equal([]);
  }

  expectNothingLeft(): void {
    const { host } = this.stage;
    expect(this.stage.state('web')).to.equal('stopped');
    expect(host.jailers.get('web')?.alive ?? false).to.equal(false);
    expect(host.clock.pending).to.equal(0);
    const left = new Set<string>();
    for (const step of host.steps) {
      const [verb, ...rest] = step.split(' ');
      if (!/^(rundir|cgroup\.create)/.test(rest[0] ?? '')) continue;
      if (verb === 'run') left.add(rest.join(' '));
      else left.delete(rest.join(' '));
    }
    expect([...left]).to.deep.equal([]);
  }

  /** Each life is told of once: a start for none that was not prepared, an end for each that was up. */
  expectBalancedEvents(): void {
    const events = this.stage.supervisor.journal.since(0);
    const count = (kind: string): number => events.filter((event) => event.kind === kind).length;
    expect(events.map(({ seq }) => seq)).to.deep.equal(
      events.map((_, index) => (events[0]?.seq ?? 0) + index),
    );
    expect(count('start')).to.be.at.most(count('exit') + 1);
  }
}

describe('a jail to which anything may happen', () => {
  it('is never there twice, is what was last asked of it, and leaves nothing when it is stopped', async function () {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        fc.array(happening, { maxLength: 25 }),
        async (values, all) => {
          const trial = new Trial(values);
          for (const what of all) await trial.meet(what);
          await trial.comeToRest();
          trial.expectAsAsked();
          trial.expectBalancedEvents();
          void trial.stage.supervisor.stop(['web']);
          await trial.stage.pass(200_000);
          trial.expectNothingLeft();
        },
      ),
      { numRuns: 60 },
    );
  });
});
