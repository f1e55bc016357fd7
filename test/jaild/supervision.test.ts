import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestInstance } from '../support/instance.js';
import { patience } from '../support/patience.js';

describe('a jail that jaild keeps', () => {
  const instance = new TestInstance();
  const commandPid = (name: string): number =>
    Number(/command\s.*?(\d+)/.exec(instance.ctl('status', name).stdout)?.[1] ?? instance.status(name).pid);

  before(async () => {
    instance.configure(`
      * { path = "$root"; stop.timeout = 2; }
      web { command = "/bin/sleep 1000"; }
      crash { command = "/bin/sh -c 'exit 3'"; restart.delay = "200ms"; }
      limited { command = "/bin/sh -c 'exit 3'"; restart.delay = "10ms"; restart.limit = 3; }
      fatal { command = "/bin/sh -c 'exit 78'"; }
      stubborn { command = "/bin/sh -c 'trap : TERM; echo up; while :; do sleep 1; done'"; stop.timeout = 1; }
      clock { command = "/bin/sleep 1000"; schedule.restart = "*/2 * * * * *"; }
      hooked { exec.prestart = "/bin/sh -c 'echo prestart >> $prefix/hooks'"; exec.poststart = "/bin/sh -c 'echo poststart >> $prefix/hooks'";
        exec.prestop = "/bin/sh -c 'echo prestop >> $prefix/hooks'"; exec.stop = "/bin/sh -c 'echo stopping'";
        exec.poststop = "/bin/sh -c 'echo poststop >> $prefix/hooks'"; command = "/bin/sleep 1000"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('comes back when it is killed, and the restart is counted', async () => {
    instance.ctl('start', 'web');
    const { pid } = instance.status('web');
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until(
      'web runs again',
      () => instance.status('web').state === 'running' && instance.status('web').pid !== pid,
    );
    expect(instance.status('web')).to.deep.include({ restarts: 1 });
    expect(instance.status('web').exit).to.deep.include({ signal: 9, oom: false });
  });

  it('waits longer after each failure, and never gives up by itself', async () => {
    instance.ctl('start', 'crash');
    await instance.until('it has failed three times', () => instance.status('crash').restarts >= 3);
    expect(instance.status('crash').state).to.not.equal('failed');
    expect(instance.status('crash').exit).to.deep.include({ code: 3, signal: null });
    expect(instance.ctl('stop', 'crash').code).to.equal(0);
    expect(instance.status('crash').state).to.equal('stopped');
  });

  it('is given up after as many failures as the file allows', async () => {
    instance.ctl('start', 'limited');
    await instance.until('it is given up', () => instance.status('limited').state === 'failed');
    expect(instance.status('limited').exit).to.deep.include({ code: 3 });
  });

  it('is not tried again when it says that its configuration is wrong (78)', async () => {
    instance.ctl('start', 'fatal');
    await instance.until('it has failed', () => instance.status('fatal').state === 'failed');
    expect(instance.status('fatal').restarts).to.equal(0);
  });

  it('is killed when it does not end in time', async () => {
    instance.ctl('start', 'stubborn');
    await instance.until('it hears no TERM', () => instance.logOf('stubborn').includes('up'));
    const began = Date.now();
    expect(instance.ctl('stop', 'stubborn').code).to.equal(0);
    expect(Date.now() - began).to.be.within(900, 9000 * patience);
  });

  it('is restarted on its schedule, at the same numbers of failures', async () => {
    instance.ctl('start', 'clock');
    const { pid, next } = instance.status('clock');
    expect(Date.parse(next.restart ?? '')).to.be.greaterThan(Date.now() - 2000);
    await instance.until('the schedule has come', () => ![pid, null].includes(instance.status('clock').pid));
    instance.ctl('stop', 'clock');
  });

  it('runs its hooks in jail(8)’s order', () => {
    instance.ctl('start', 'hooked');
    instance.ctl('stop', 'hooked');
    const { stdout } = instance.run(['cat', `${instance.prefix}/hooks`]);
    expect(stdout).to.equal('prestart\npoststart\nprestop\npoststop\n');
    expect(instance.logOf('hooked')).to.match(/ stdout stopping\n/);
  });

  it('runs on when jaild is killed, and is taken back with its history', async () => {
    const before = instance.status('web');
    await instance.killDaemon();
    expect(existsSync(`/proc/${before.pid}`)).to.equal(true);
    await instance.start();
    const after = instance.status('web');
    expect(after).to.deep.include({
      pid: before.pid,
      jid: before.jid,
      restarts: before.restarts,
      started_at: before.started_at,
      state: 'running',
    });
  });

  it('is dealt with by the next jaild when it ended while none was there', async () => {
    const { pid, restarts } = instance.status('web');
    await instance.killDaemon();
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.start();
    await instance.until('web runs again', () => {
      const now = instance.status('web');
      return now.state === 'running' && now.pid !== pid;
    });
    expect(instance.status('web')).to.deep.include({ restarts: restarts + 1 });
    expect(instance.status('web').exit).to.deep.include({ signal: 9 });
  });

  it('stays stopped over a restart of jaild when it was stopped by hand', async () => {
    instance.ctl('stop', 'web');
    await instance.killDaemon();
    await instance.start();
    await sleep(300);
    expect(instance.status('web').state).to.equal('stopped');
  });

  it('dies with its jailer, and is started once more', async () => {
    instance.ctl('start', 'web');
    const { pid } = instance.status('web');
    const parent = Number(/^PPid:\s+(\d+)/m.exec(instance.run(['cat', `/proc/${pid}/status`]).stdout)?.[1]);
    process.kill(parent, 'SIGKILL');
    await instance.until(
      'web runs again',
      () => instance.status('web').state === 'running' && instance.status('web').pid !== pid,
    );
    // Dead at once; when its entry goes is up to the host's own init, which has inherited it.
    expect(instance.run(['cat', `/proc/${pid}/status`]).stdout).to.match(/^$|^State:\s+Z/m);
    expect(instance.ctl('status', 'web').stdout).to.match(/jailer/);
  });

  it('has no zombies beneath it after orphans have died', async () => {
    const shell = (script: string): string => instance.ctl('exec', 'web', '--', 'sh', '-c', script).stdout;
    shell('for i in 1 2 3 4 5 6 7 8; do (sleep 0.01 &) ; done; sleep 0.3');
    const states = (): string => shell('grep -h ^State /proc/[0-9]*/status');
    await instance.until('they are gone', () => !/Z/.test(states()));
    expect(states()).to.match(/^State:/);
  });

  it('is left alone by a reload that changes another', () => {
    const { pid } = instance.status('web');
    instance.write(
      'etc/jail.conf.d/new.conf',
      `later { path = "${instance.root}"; command = "/bin/sleep 5"; }\n`,
    );
    const dry = instance.ctl('reload', '-n');
    expect(dry.stdout).to.match(/later/);
    expect(instance.ctl('status', 'later').code).to.equal(4);
    expect(instance.ctl('reload').code).to.equal(0);
    expect(instance.status('later').state).to.equal('stopped');
    expect(instance.status('web').pid).to.equal(pid);
  });

  it('is left as it was by a reload of a file with a mistake', () => {
    const { pid } = instance.status('web');
    const file = instance.write('etc/jail.conf.d/new.conf', 'later { path = ; }\n');
    const { code, stderr } = instance.ctl('reload');
    expect(code).to.equal(2);
    expect(stderr).to.include(`${file}:1:16: error: `);
    expect(instance.status('web').pid).to.equal(pid);
    expect(instance.status('later').state).to.equal('stopped');
    instance.write('etc/jail.conf.d/new.conf', '');
    instance.ctl('reload');
  });

  it('answers from a hook of its own start', () => {
    expect(commandPid('web')).to.be.greaterThan(1);
    expect(readdirSync(`${instance.prefix}/run/jaild`)).to.include('web');
  });
});
