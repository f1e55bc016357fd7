import { expect } from 'chai';
import {
  isSettled,
  shown,
  step,
  timers,
  transitions,
  type LifeEvent,
  type Phase,
} from '../../src/supervise/lifecycle.js';

const phases = Object.keys(transitions) as Phase[];
const events = [...new Set(phases.flatMap((phase) => Object.keys(transitions[phase])))] as LifeEvent[];
const exits = (phase: Phase): Phase[] =>
  Object.values(transitions[phase]).flatMap(([to]) => (to === phase ? [] : [to]));

/** Every phase that can be come to from the given ones. */
function reachable(from: readonly Phase[]): Set<Phase> {
  const seen = new Set<Phase>(from);
  for (const phase of seen) for (const next of exits(phase)) seen.add(next);
  return seen;
}

/** A small generator of numbers, so that a failing sequence can be repeated (mulberry32). */
function randomFrom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('the life of a jail', () => {
  it('has no phase without a way out', () => {
    expect(phases.filter((phase) => exits(phase).length === 0)).to.deep.equal([]);
  });

  it('reaches every phase from an adopted or a stopped jail', () => {
    expect([...reachable(['adopting', 'stopped'])].sort()).to.deep.equal([...phases].sort());
  });

  it('can come back to stopped and to running from everywhere', () => {
    const cut = phases.filter(
      (phase) => !reachable([phase]).has('stopped') || !reachable([phase]).has('running'),
    );
    expect(cut).to.deep.equal([]);
  });

  it('always hears a stop, except where there is nothing to stop or nothing known yet', () => {
    expect(phases.filter((phase) => transitions[phase].stop === undefined)).to.deep.equal([
      'adopting',
      'stopped',
    ]);
  });

  it('never starts a second copy: only a waiting jail is prepared, and only after cleaning or rest', () => {
    const preparing = phases.filter((phase) => exits(phase).includes('preparing'));
    const waiting = phases.filter((phase) => exits(phase).includes('waiting'));
    expect(preparing).to.deep.equal(['waiting']);
    expect(waiting).to.deep.equal(['stopped', 'cleaning', 'backoff', 'ended', 'failed']);
  });

  it('cleans whatever was prepared before it rests', () => {
    const dirty = [
      'preparing',
      'cancelling',
      'starting',
      'poststarting',
      'running',
      'paused',
      'stuck',
    ] as const;
    const resting = ['stopped', 'waiting', 'backoff', 'ended', 'failed'];
    expect(dirty.flatMap((phase) => exits(phase).filter((to) => resting.includes(to)))).to.deep.equal([]);
  });

  it('arms at most one timer and disarms it when its phase is left, whatever happens', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomFrom(seed);
      let phase: Phase = seed % 2 === 0 ? 'stopped' : 'adopting';
      let armed: string | null = null;
      for (let i = 0; i < 200; i++) {
        const event = events[Math.floor(random() * events.length)] ?? 'stop';
        if (event === 'timeout' && armed === null) continue;
        const next = step(phase, event);
        if (next === null) continue;
        for (const effect of next.effects) {
          if (effect === 'disarm') armed = null;
          if (effect === 'arm') {
            expect(armed, `seed ${seed}: ${phase} ${event}`).to.equal(null);
            armed = timers[next.phase] ?? 'none';
          }
        }
        phase = next.phase;
        expect(armed, `seed ${seed}: after ${event} in ${phase}`).to.equal(timers[phase] ?? null);
      }
    }
  });

  it('prepares and cleans in turn, whatever happens', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomFrom(seed);
      let phase: Phase = 'stopped';
      let copies = 0;
      for (let i = 0; i < 200; i++) {
        const event = events[Math.floor(random() * events.length)] ?? 'stop';
        const next = step(phase, event);
        if (next === null) continue;
        // What is taken down is the network of a copy that is gone.
        if (next.effects.includes('prepare') || event === 'take-down') copies++;
        if (phase === 'cleaning' && isSettled(next.phase) && next.phase !== 'stuck') copies--;
        if (phase === 'cleaning' && next.phase === 'waiting') copies--;
        phase = next.phase;
        expect(copies, `seed ${seed}`).to.be.within(0, 1);
      }
    }
  });

  it('is shown in the words of supervision, not in its inner phases', () => {
    expect(phases.map((phase) => [phase, shown(phase)] as const).filter(([a, b]) => a !== b)).to.deep.equal([
      ['adopting', 'waiting'],
      ['cancelling', 'stopping'],
      ['awaiting', 'starting'],
      ['poststarting', 'starting'],
      ['stopping.hook', 'stopping'],
      ['stopping.term', 'stopping'],
      ['stopping.kill', 'stopping'],
    ]);
  });
});
