import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { JailPlan, Step } from '../../src/plan/step.js';
import { copiesOf } from '../support/copies.js';
import { TestInstance } from '../support/instance.js';
import { tracesOf } from '../support/leftovers.js';
import { patience } from '../support/patience.js';

const SERVICE = '/bin/sleep 7777';
const MOST = 45;
const names = Array.from({ length: MOST }, (_, index) => `j${index}`);

/** Of nearly everything that a jail can have some. */
const definition = (prefix: string, more = ''): string => `
  * {
    base = "$root"; command = "${SERVICE}"; stop.timeout = 2; ${more}
    exec.prepare = "/bin/true"; exec.prestart = "/bin/true"; exec.created = "/bin/true"; exec.poststart = "/bin/true";
    exec.prestop = "/bin/true"; exec.poststop = "/bin/true"; exec.release = "/bin/true";
    exec.start = "/bin/true"; exec.stop = "/bin/true"; memory.max = 64M; pids.max = 50; net.egress.max = 4M; nat;
  }
  ${names.map((name, index) => `${name} { path = "${prefix}/roots/${name}"; ip4.addr = 10.90.${index}.2; }`).join('\n')}
`;

const pointOf = (step: Step): string =>
  step.name === 'hook.run' || step.name === 'jail.exec' ? step.args.phase : step.name;
const pointsOf = (steps: readonly Step[]): readonly string[] => [...new Set(steps.map(pointOf))];

function planOf(instance: TestInstance): JailPlan {
  const { stdout } = instance.ctl('plan', '--json', 'j0');
  return (JSON.parse(stdout) as { readonly plan: JailPlan }).plan;
}

function makeRoots(instance: TestInstance): void {
  for (const name of names) mkdirSync(join(instance.prefix, 'roots', name));
}

describe('a jaild that is killed at each step', () => {
  const instance = new TestInstance();
  const copies = (): Map<string, number[]> => copiesOf(instance.prefix, (words) => words === SERVICE);
  const most = (): number => Math.max(0, ...[...copies().values()].map((pids) => pids.length));
  let plan: JailPlan;

  before(async () => {
    makeRoots(instance);
    instance.configure(definition(instance.prefix));
    await instance.start();
    plan = planOf(instance);
    await instance.endDaemon();
  });

  after(() => instance.close());

  /** One jail for each point; the jaild that takes back what the kill at the last point has left is killed at the next. */
  async function walk(points: readonly string[], words: (point: string) => readonly string[]): Promise<void> {
    expect(points.length).to.be.at.most(MOST);
    for (const [index, point] of points.entries()) {
      const name = names[index] ?? '';
      instance.environment = { JAILD_FAIL: `${point}@${name}=kill` };
      await instance.start();
      const answer = instance.ctlLater(...words(point), name);
      expect(await instance.untilDaemonEnds(`${point} is reached`), point).to.equal('SIGKILL');
      expect((await answer).code, point).to.not.equal(0);
      expect(most(), point).to.be.at.most(1);
    }
    instance.environment = {};
    await instance.start();
  }

  it('of a start has the next one finish it, with one copy of each jail', async function () {
    this.timeout(240_000 * patience);
    // Nobody was told that these would start, and nothing had been done for them.
    const before = ['phase.waiting', 'phase.preparing', 'record.preparing'];
    const points = [
      ...before,
      ...['recorded.preparing', 'phase.poststarting', 'record.running', 'recorded.running'],
      ...pointsOf([...plan.prepare, ...plan.begin, ...plan.poststart]).map((point) => `done.${point}`),
    ];
    await walk(points, () => ['start']);
    const wanted = names.slice(before.length, points.length);
    const missing = (): readonly string[] =>
      wanted.filter((name) => instance.statuses().find((jail) => jail.name === name)?.state !== 'running');
    await instance.until('they run', () => missing().length === 0);
    const found = copies();
    const counts = wanted.map((name) => `${points[names.indexOf(name)]} ${found.get(name)?.length}`);
    expect(counts).to.deep.equal(points.slice(before.length).map((point) => `${point} 1`));
  });

  it('of a stop has the next one finish it, with nothing left', async function () {
    this.timeout(240_000 * patience);
    const undone = pointsOf(plan.prepare).filter((point) => !/^exec\./.test(point));
    // Nobody was told that these would stop.
    const before = ['phase.stopping.hook', 'phase.stopping.kill', 'record.stopping'];
    const points = [
      ...before,
      ...[
        'recorded.stopping',
        'phase.stopping.term',
        'record.cleaning',
        'recorded.cleaning',
        'phase.stopped',
      ],
      ...pointsOf([...plan.stop, ...plan.poststop, ...plan.release]).map((point) => `done.${point}`),
      ...undone.filter((point) => !WITHOUT_UNDO.includes(point)).map((point) => `undone.${point}`),
    ];
    expect(instance.ctl('start', ...names.slice(0, points.length)).code).to.equal(0);
    await instance.endDaemon();
    await walk(points, (point) => (point === 'phase.stopping.kill' ? ['stop', '-f'] : ['stop']));
    const stopped = names.slice(before.length, points.length);
    const left = (): readonly string[] => stopped.flatMap((name) => tracesOf(instance.prefix, name));
    await instance.until('they are gone', () => left().length === 0);
    const states = instance.statuses().filter(({ name }) => stopped.includes(name));
    expect([...new Set(states.map(({ state }) => state))]).to.deep.equal(['stopped']);
    const found = copies();
    expect(stopped.filter((name) => found.has(name))).to.deep.equal([]);
  });
});

describe('a step that the system refuses', () => {
  const instance = new TestInstance();
  const errors = ['ENOSPC', 'EMFILE', 'ENOMEM'] as const;
  const words = {
    ENOSPC: /no space left/i,
    EMFILE: /too many open files/i,
    ENOMEM: /not enough memory|out of memory|cannot allocate/i,
  };
  let points: readonly string[] = [];

  before(async () => {
    makeRoots(instance);
    instance.configure(definition(instance.prefix, 'restart.delay = 1h; restart.max_delay = 1h;'));
    await instance.start();
    const { prepare, begin, poststart } = planOf(instance);
    points = pointsOf([...prepare, ...begin, ...poststart]);
    await instance.endDaemon();
    const faults = points.map(
      (point, index) => `run.${point}@j${index}=1*return(${errors[index % errors.length]})`,
    );
    instance.environment = { JAILD_FAIL: faults.join(';') };
    await instance.start();
  });

  after(() => instance.close());

  it('is named, leaves nothing behind, and is done when the jail is started again', async function () {
    this.timeout(240_000 * patience);
    const jails = names.slice(0, points.length);
    const answers = await Promise.all(jails.map((name) => instance.ctlLater('start', name)));
    const statuses = instance.statuses();
    for (const [index, { code, stderr }] of answers.entries()) {
      const [point, name = ''] = [points[index], jails[index]];
      expect(code, point).to.equal(1);
      expect(stderr).to.include(`error: ${name}: not started: ${point} ${name}: `);
      expect(stderr).to.match(words[errors[index % errors.length] ?? 'ENOSPC']);
      expect(statuses.find((jail) => jail.name === name)?.state, point).to.equal('backoff');
      expect(tracesOf(instance.prefix, name), point).to.deep.equal([]);
    }
    expect(instance.ctl('start', ...jails)).to.include({ code: 0, stderr: '' });
    const running = instance.statuses().filter(({ state }) => state === 'running');
    expect(running.map(({ name }) => name)).to.deep.equal(jails);
  });
});

/** Steps that are nothing of their own to take away. */
const WITHOUT_UNDO = ['cgroup.set', 'devices.limit'];
