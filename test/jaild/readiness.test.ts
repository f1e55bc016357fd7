import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('a jail that is ready when it, or a check, says so', () => {
  const instance = new TestInstance();
  const details = (name: string): Record<string, unknown> =>
    (JSON.parse(instance.ctl('status', name, '--json').stdout) as { jails: Record<string, unknown>[] })
      .jails[0] ?? {};

  before(async () => {
    const source = join(import.meta.dirname, '../../../test/support/notify.c');
    execFileSync('musl-gcc', ['-static', '-o', join(instance.root, 'bin/notify'), source]);
    instance.configure(`
      exec.clean;
      * { path = "$root"; stop.timeout = 20; restart.delay = 50ms; health.start_interval = 100ms; health.interval = 100ms; }
      told { ready = notify; command = "/bin/sh -c 'notify STATUS=loading; while [ ! -e /tmp/go ]; do sleep 0.05; done; notify READY=1; exec sleep 1000'"; }
      well { ready = health; health.command = "/bin/sh -c 'echo looked; test -e /tmp/well || { touch /tmp/looked; exit 1; }'"; command = "/bin/sh -c 'until [ -e /tmp/looked ]; do sleep 0.05; done; touch /tmp/well; exec sleep 1000'"; }
      ill { health.command = "/bin/sh -c '[ -e /dev/shm/up ] || exit 0; echo no such page; exit 1'"; health.start_period = 0; health.retries = 2; command = "/bin/sh -c 'echo no table >&2; trap \\"exit 0\\" TERM; : >/dev/shm/up; while :; do sleep 0.05; done'"; restart.limit = 2; }
      silent { watchdog = 500ms; command = "/bin/sleep 1000"; restart = no; }
      after { depend = told; command = "/bin/sleep 1000"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('is waited for by jailctl start, which says what for, and for no longer than asked', async () => {
    void instance.ctlLater('start', 'after');
    await instance.until('told says so', () => details('told')['status_text'] === 'loading');
    const answer = instance.ctl('start', '--timeout', '500ms', 'after');
    expect(answer.code).to.equal(1);
    expect(answer.stderr).to.include(
      'error: told: not ready after 0.5 s: starting, waiting for READY=1 (loading)',
    );
    expect(details('told')).to.include({ state: 'starting', status_text: 'loading' });
  });

  it('runs when it has said so, also to a jaild that came later, and what depends on it after it', async () => {
    await instance.killDaemon();
    await instance.start();
    const { pid, state } = instance.status('told');
    expect(state).to.equal('starting');
    instance.write('roots/busybox/tmp/go', '');
    await instance.until('after runs', () => instance.status('after').state === 'running');
    expect(instance.status('told')).to.include({ state: 'running', pid, restarts: 0 });
  });

  it('runs with the first check that passes inside', () => {
    expect(instance.ctl('start', 'well').code).to.equal(0);
    const { health, health_checks: checks } = details('well') as {
      readonly health: string;
      readonly health_checks: readonly { readonly result: string; readonly output: string }[];
    };
    expect([health, checks[0]?.result, checks.at(-1)?.result, checks.at(-1)?.output.trim()]).to.deep.equal([
      'healthy',
      'failed',
      'passed',
      'looked',
    ]);
  });

  it('is restarted when its checks fail, which is a failure however it ends, and is told of with all that helps', async () => {
    instance.ctl('start', 'ill');
    await instance.until('ill was given up', () => instance.status('ill').state === 'failed');
    const {
      exits,
      gave_up: why,
      last_output: said,
      log,
    } = details('ill') as {
      readonly exits: readonly Record<string, unknown>[];
      readonly gave_up: string;
      readonly last_output: readonly string[];
      readonly log: string;
    };
    // The shell may say of its sleep that it was terminated.
    expect(said.filter((line) => / stderr no table$/.test(line)).length).to.equal(2);
    const { stdout } = instance.ctl('status', 'ill');
    expect(stdout).to.include(said.map((line) => `    ${line}\n`).join(''));
    expect(stdout).to.match(/^ {2}config +\S+\/jail\.conf:8$/m);
    expect(stdout).to.match(new RegExp(`^ {2}log +${log} `, 'm'));
    expect(exits.map(({ reason, code, cause }) => [reason, code, cause])).to.deep.equal([
      ['health', 0, 'unhealthy (no such page), then exit 0'],
      ['health', 0, 'unhealthy (no such page), then exit 0'],
    ]);
    expect(why).to.equal('restart.limit = 2, and so many failures came in a row');
  });

  it('has failed when it gives no sign of life', async () => {
    instance.ctl('start', 'silent');
    await instance.until('silent has failed', () => instance.status('silent').state === 'failed');
    const { exits } = details('silent') as { readonly exits: readonly Record<string, unknown>[] };
    expect(exits.map(({ reason, signal }) => [reason, signal])).to.deep.equal([['watchdog', 6]]);
  });
});
