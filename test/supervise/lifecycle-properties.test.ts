import { expect } from 'chai';
import fc from 'fast-check';
import {
  isDown,
  minded,
  step,
  timers,
  transitions,
  type Effect,
  type LifeEvent,
  type Phase,
} from '../../src/supervise/lifecycle.js';
import { silence } from '../support/silence.js';

const phases = Object.keys(transitions) as Phase[];
const events = [
  ...new Set(phases.flatMap((phase) => [...Object.keys(transitions[phase]), ...silence[phase]])),
] as LifeEvent[];

/** What is bound to happen in a phase, if one waits: one of these comes, nobody can say which. A killed process ends at last. */
const coming: Readonly<Partial<Record<Phase, readonly LifeEvent[]>>> = {
  preparing: ['prepared', 'prepare-failed'],
  cancelling: ['prepared', 'prepare-failed'],
  starting: ['begun', 'ready', 'exited', 'lost', 'timeout'],
  awaiting: ['ready', 'exited', 'lost', 'timeout'],
  poststarting: ['poststarted', 'poststart-failed', 'exited', 'lost'],
  'stopping.hook': ['stop-commands-done', 'exited', 'lost'],
  'stopping.term': ['exited', 'lost', 'timeout'],
  'stopping.kill': ['exited', 'emptied', 'timeout'],
  stuck: ['exited', 'emptied'],
  cleaning: ['stay-down'],
};
/** The same for a jail that is wanted, where that makes a difference; some only rest until somebody asks. */
const comingUp: typeof coming = {
  ...coming,
  adopting: Object.keys(transitions.adopting) as LifeEvent[],
  waiting: ['admitted'],
  backoff: ['timeout'],
  cleaning: ['again', 'retry', 'end', 'give-up'],
};

/** Phases from which one of the goals is come to, whatever of what is bound to happen does. */
function inevitably(goals: readonly Phase[], bound: typeof coming): Set<Phase> {
  const sure = new Set<Phase>(goals);
  for (let size = -1; size !== sure.size;) {
    size = sure.size;
    for (const phase of phases) {
      const next = (bound[phase] ?? []).map((event) => step(phase, event)?.phase ?? null);
      if (next.length > 0 && next.every((to) => to !== null && sure.has(to))) sure.add(phase);
    }
  }
  return sure;
}

/** A life: from where, and which of all that means something there happens next. */
const lives = fc.tuple(fc.constantFrom<Phase>('stopped', 'adopting'), fc.array(fc.nat(), { maxLength: 200 }));
function walk(
  [start, choices]: readonly [Phase, readonly number[]],
  visit: (from: Phase, event: LifeEvent, to: Phase, effects: readonly Effect[]) => void,
): void {
  let phase = start;
  for (const choice of choices) {
    const known = Object.keys(transitions[phase]) as LifeEvent[];
    const event = known[choice % known.length] ?? 'stop';
    const next = step(phase, event);
    if (next === null) continue;
    visit(phase, event, next.phase, next.effects);
    phase = next.phase;
  }
}
const always = (property: fc.IProperty<unknown>): void => fc.assert(property, { numRuns: 500 });

describe('the table of lives', () => {
  it('says of each event in each phase what it does, or that it means nothing there', () => {
    const both = phases.flatMap((phase) =>
      silence[phase]
        .filter((event) => transitions[phase][event] !== undefined)
        .map((event) => `${phase} ${event}`),
    );
    const neither = phases.flatMap((phase) =>
      events
        .filter((event) => transitions[phase][event] === undefined && !silence[phase].includes(event))
        .filter((event) => phase === 'adopting' || !event.startsWith('found-'))
        .map((event) => `${phase} ${event}`),
    );
    expect({ both, neither }).to.deep.equal({ both: [], neither: [] });
  });

  it('ends stopped from everywhere once that is asked for, by nothing but what is bound to happen', () => {
    const sure = inevitably(['stopped'], coming);
    const lost = phases.filter((phase) => {
      if (phase === 'stopped' || phase === 'adopting') return false;
      const next = step(phase, 'stop');
      return next === null || !sure.has(next.phase);
    });
    expect(lost).to.deep.equal([]);
  });

  it('ends up or at rest from everywhere when nobody asks for anything', () => {
    const rest: readonly Phase[] = ['running', 'paused', 'stopped', 'backoff', 'ended', 'failed', 'waiting'];
    const sure = inevitably(rest, comingUp);
    expect(phases.filter((phase) => !sure.has(phase))).to.deep.equal([]);
  });

  it('lets no timer and no look at the jail survive the phase that it is for', () => {
    always(
      fc.property(lives, (life) => {
        let armed = false;
        let isMinded = false;
        walk(life, (_from, _event, to, effects) => {
          for (const effect of effects) {
            if (effect === 'arm' || effect === 'disarm') {
              expect(armed).to.equal(effect === 'disarm');
              armed = effect === 'arm';
            }
            if (effect === 'mind' || effect === 'unmind') {
              expect(isMinded).to.equal(effect === 'unmind');
              isMinded = effect === 'mind';
            }
          }
          expect([armed, isMinded]).to.deep.equal([timers[to] !== undefined, minded.includes(to)]);
        });
      }),
    );
  });

  it('queues and leaves the queue in turn', () => {
    always(
      fc.property(lives, (life) => {
        let isQueued = false;
        walk(life, (_from, event, to, effects) => {
          if (effects.includes('queue')) {
            expect(isQueued).to.equal(false);
            isQueued = true;
          }
          if (event === 'admitted' || effects.includes('unqueue')) {
            expect(isQueued).to.equal(true);
            isQueued = false;
          }
          expect(isQueued).to.equal(to === 'waiting');
        });
      }),
    );
  });

  it('never prepares what is not cleaned, and rests with nothing prepared', () => {
    always(
      fc.property(lives, ([, choices]) => {
        let isThere = false;
        walk(['stopped', choices], (from, _event, to, effects) => {
          if (effects.includes('prepare')) {
            expect(isThere).to.equal(false);
            isThere = true;
          }
          if (from === 'cleaning' && to !== 'cleaning' && to !== 'stuck') isThere = false;
          if (effects.includes('clean')) expect(to).to.equal('cleaning');
          if (isDown(to)) expect(isThere).to.equal(false);
        });
      }),
    );
  });

  it('thaws what it froze before it asks anything of it', () => {
    always(
      fc.property(lives, ([, choices]) => {
        let isFrozen = false;
        walk(['stopped', choices], (_from, event, _to, effects) => {
          for (const effect of effects) {
            if (effect === 'freeze') isFrozen = true;
            // What is over, or killed by its cgroup, is not frozen any more.
            if (['thaw', 'kill-cgroup', 'clean'].includes(effect)) isFrozen = false;
            if (['term', 'abort', 'stop-commands', 'kill'].includes(effect)) expect(isFrozen).to.equal(false);
          }
          if (event === 'freeze-failed') isFrozen = false;
        });
      }),
    );
  });

  it('names a cause for each end that jaild brings about by itself', () => {
    const own = ['timeout', 'unhealthy', 'watchdog-missed'] as const;
    const nameless = (['starting', 'awaiting', 'running'] as const).flatMap((phase) =>
      own.flatMap((event) => {
        const next = step(phase, event);
        const isNamed = next?.effects.some((effect) => effect.startsWith('blame-'));
        return next === null || isNamed === true ? [] : [`${phase} ${event}`];
      }),
    );
    expect(nameless).to.deep.equal([]);
  });
});
