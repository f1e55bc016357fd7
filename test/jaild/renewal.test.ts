import { expect } from 'chai';
import { readdirSync, rmSync } from 'node:fs';
import { parentOf, readOf } from '../support/copies.js';
import { TestInstance, type Answer, type StatusJson } from '../support/instance.js';

describe('a jaild that begins anew as what is installed by now (SIGUSR2)', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; stop.timeout = 1; }
      web { command = "/bin/sleep 1000"; }
      ticker { command = "/bin/sh -c 'i=0; while :; do i=\\$((i+1)); echo tick \\$i; sleep 0.02; done'"; }
      slow { command = "/bin/sleep 1000"; exec.prestart = "/bin/sh -c 'until [ -e $prefix/go ]; do sleep 0.02; done; sleep 0.3'"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'web', 'ticker').code).to.equal(0);
  });

  after(() => instance.close());

  const kept = (name: string): Partial<StatusJson> => {
    const { state, pid, command_pid, jid, started_at, restarts } = instance.status(name);
    return { state, pid, command_pid, jid, started_at, restarts };
  };
  const times = (words: RegExp): number => instance.log.match(new RegExp(words, 'g'))?.length ?? 0;

  async function renewed(): Promise<void> {
    const before = times(/ ready on /);
    process.kill(instance.daemonPid, 'SIGUSR2');
    await instance.until('it has begun anew', () => times(/ ready on /) > before);
  }

  it('is the same process, has the same jails, and answers whoever calls meanwhile', async () => {
    const before = [kept('web'), kept('ticker')];
    const pid = instance.daemonPid;
    const starting = instance.ctlLater('start', 'slow');
    await instance.until('it is being prepared', () => instance.status('slow').state === 'preparing');
    instance.write('go', '');
    const ready = times(/ ready on /);
    process.kill(pid, 'SIGUSR2');
    await instance.until('it has begun anew', () => {
      expect(instance.ctl('list')).to.include({ code: 0, stderr: '' });
      return times(/ ready on /) > ready;
    });
    expect((await starting).code).to.equal(0);
    expect(readOf(pid, 'comm')).to.not.equal('');
    expect([kept('web'), kept('ticker')]).to.deep.equal(before);
    expect(instance.status('slow').state).to.equal('running');
    expect(instance.run([instance.bin('jaild'), '--prefix', instance.prefix]).stderr).to.match(/already/);
  });

  it('leaves no command without its answer, whoever follows meanwhile', async () => {
    const followers = [instance.ctlLater('logs', '-f', 'ticker'), instance.ctlLater('events', '-f')];
    const ready = times(/ ready on /);
    const answers: Promise<Answer>[] = [];
    process.kill(instance.daemonPid, 'SIGUSR2');
    await instance.until('it has begun anew', () => {
      answers.push(instance.ctlLater('restart', 'web'));
      return times(/ ready on /) > ready;
    });
    const codes = (await Promise.all(answers)).map(({ code, stderr }) => `${code} ${stderr}`);
    expect([...new Set(codes)]).to.deep.equal(['0 ']);
    const ends = (await Promise.all(followers)).map(({ code, stderr }) => `${code} ${stderr}`);
    expect(ends).to.deep.equal(Array(2).fill('1 error: jaild closed the connection\n'));
  });

  it('is told of the end of jailers that it has not started itself, and leaves no zombie', async () => {
    const { pid } = instance.status('web');
    const jailer = parentOf(pid ?? 0);
    expect(parentOf(jailer)).to.equal(instance.daemonPid);
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.until('web runs again', () => ![pid, null].includes(instance.status('web').pid));
    expect(instance.status('web').exit).to.deep.include({ signal: 9 });
    await instance.until('its jailer is reaped', () => readOf(jailer, 'stat') === '');
  });

  it('loses no line of a log, and has no more descriptors open each time', async () => {
    const open = (): number => readdirSync(`/proc/${instance.daemonPid}/fd`).length;
    await renewed();
    const before = open();
    await renewed();
    await renewed();
    await instance.until('descriptors are closed', () => open() <= before);
    const ticks = (): readonly number[] =>
      [...instance.logOf('ticker').matchAll(/tick (\d+)$/gm)].map(([, tick]) => Number(tick));
    await instance.until('it ticks on', () => ticks().length > 10);
    const all = ticks();
    expect(all).to.deep.equal(all.map((_, index) => index + 1));
  });

  it('goes on as it is while the program cannot be run, and says so', async () => {
    // What Node must read before anything else stands for all of a program that may be half installed.
    const part = instance.write('etc/part.cjs', '');
    instance.environment = { NODE_OPTIONS: `--require=${part}` };
    await instance.killDaemon();
    await instance.start();
    const before = kept('web');
    rmSync(part);
    for (const time of [1, 2]) {
      process.kill(instance.daemonPid, 'SIGUSR2');
      await instance.until('it says so', () => times(/cannot begin anew, going on: .*part\.cjs/) === time);
    }
    expect(kept('web')).to.deep.equal(before);
    instance.write('etc/part.cjs', '');
    await renewed();
    expect(kept('web')).to.deep.equal(before);
  });
});
