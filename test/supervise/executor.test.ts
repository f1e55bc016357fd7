import { expect } from 'chai';
import type { RunningHook } from '../../src/host/host.js';
import type { Step } from '../../src/plan/step.js';
import { execute, runEach, undoAll } from '../../src/supervise/executor.js';
import { FakeHost, noSuchFile } from '../support/fake-host.js';

const hook = (command: string): Step => ({
  name: 'hook.run',
  args: {
    phase: 'exec.prepare',
    command,
    argv: [command],
    environment: {},
    user: null,
    timeout: 0,
    background: false,
  },
});
const STEPS: readonly Step[] = [
  { name: 'rundir.create', args: { path: '/run/jaild/web' } },
  hook('first'),
  { name: 'cgroup.create', args: { paths: ['/cgroup/web'] } },
  hook('second'),
];

describe('steps', () => {
  it('are run in order', async () => {
    const host = new FakeHost();
    const execution = await execute(host.executors, STEPS, {
      jail: 'web',
      jailer: null,
      hooks: new Set<RunningHook>(),
    });
    expect(execution).to.deep.equal({ ok: true });
    expect(host.steps).to.deep.equal([
      'run rundir.create',
      'run hook.run first',
      'run cgroup.create',
      'run hook.run second',
    ]);
  });

  it('are undone backwards when one fails, but for hooks, and what cannot be undone keeps nothing', async () => {
    const host = new FakeHost();
    const error = noSuchFile('/x');
    const undoError = noSuchFile('/cgroup/web');
    host.failing.set('hook.run second', error).set('undo cgroup.create', undoError);
    const execution = await execute(host.executors, STEPS, {
      jail: 'web',
      jailer: null,
      hooks: new Set<RunningHook>(),
    });
    expect(execution).to.deep.equal({ ok: false, failed: STEPS[3], error, undoErrors: [undoError] });
    expect(host.steps.slice(4)).to.deep.equal(['undo cgroup.create', 'undo rundir.create']);
  });

  describe('that can begin ahead', () => {
    const filter: Step = {
      name: 'firewall.set',
      args: {
        jail: 'web',
        link: 'jl',
        bridged: false,
        mac: '02:00:00:00:00:01',
        ip4: [],
        ip6: [],
        masquerades: [],
        redirects: [],
        isolated: false,
      },
    };
    const steps = [STEPS[0], hook('first'), STEPS[2], filter].flatMap((step) => step ?? []);
    const run = async (host: FakeHost) => {
      const begun = { ...host.executors['firewall.set'], ahead: () => host.steps.push('ahead') };
      const launch = { jail: 'web', jailer: null, hooks: new Set<RunningHook>() };
      await execute({ ...host.executors, 'firewall.set': begun }, steps, launch);
      return host.steps;
    };

    it('do so after the last command of the host’s before them', async () => {
      expect(await run(new FakeHost())).to.deep.equal([
        'run rundir.create',
        'run hook.run first',
        'ahead',
        'run cgroup.create',
        'run firewall.set',
      ]);
    });

    it('are undone when one before them fails', async () => {
      const host = new FakeHost();
      host.failing.set('run cgroup.create', noSuchFile('/x')).set('cgroup.create', noSuchFile('/x'));
      expect((await run(host)).slice(2)).to.deep.equal([
        'ahead',
        'run cgroup.create',
        'undo firewall.set',
        'undo rundir.create',
      ]);
    });
  });

  it('are called off between two of them', async () => {
    const host = new FakeHost();
    const isCancelled = (): boolean => host.steps.length === 2;
    const execution = await execute(
      host.executors,
      STEPS,
      { jail: 'web', jailer: null, hooks: new Set<RunningHook>() },
      { isCancelled },
    );
    expect([execution.ok, 'failed' in execution ? execution.failed : 'none']).to.deep.equal([false, null]);
    expect(host.steps).to.deep.equal(['run rundir.create', 'run hook.run first', 'undo rundir.create']);
  });

  it('of cleaning are run and undone whatever becomes of the others', async () => {
    const host = new FakeHost();
    const error = noSuchFile('/x');
    host.failing.set('hook.run first', error).set('undo cgroup.create', error);
    const launch = { jail: 'web', jailer: null, hooks: new Set<RunningHook>() };
    expect(await runEach(host.executors, STEPS, launch)).to.deep.equal([error]);
    expect(await undoAll(host.executors, STEPS, launch)).to.deep.equal([error]);
    expect(host.steps).to.deep.equal([
      'run rundir.create',
      'run hook.run first',
      'run cgroup.create',
      'run hook.run second',
      'undo cgroup.create',
      'undo rundir.create',
    ]);
  });
});
