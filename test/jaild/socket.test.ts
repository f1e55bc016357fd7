import { existsSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { badBytes, misbehave } from '../support/bad-client.js';
import { open } from '../support/control-client.js';
import { TestInstance } from '../support/instance.js';
import { numbers } from '../support/mutate.js';
import { patience } from '../support/patience.js';
import { millisecondsOf, soonFor } from '../support/soon.js';

/** JAILD_FUZZ_SECONDS and JAILD_FUZZ_SEED make it go on longer, and elsewhere; else every run does the same. */
const seconds = Number(process.env['JAILD_FUZZ_SECONDS'] ?? 0);
const seed = Number(process.env['JAILD_FUZZ_SEED'] ?? 20_261_122);
const ROUNDS = 600;
/** Of them, how many go on at a time. */
const CROWD = 60;
/** What jaild may need more than before, in kB: a request has a megabyte at most. */
const MORE_MEMORY = 200_000;

describe('the sockets of a running jaild', function () {
  this.timeout(120_000 * patience + 2000 * seconds);
  const instance = new TestInstance();
  /** What "soon" is here, in milliseconds. */
  let soon = 0;
  const run = (...path: string[]): string => join(instance.prefix, 'run/jaild', ...path);

  before(async () => {
    instance.configure('a { path = "$root"; persist; exec.start = "echo said"; }');
    await instance.start();
    expect(instance.ctl('start', 'a').stderr).to.equal('');
    soon = soonFor(askForList);
  });
  after(() => instance.close());

  const memoryOf = (pid: number): number =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);

  /** Milliseconds until `jailctl list` was answered. */
  const askForList = (): number =>
    millisecondsOf(() =>
      expect(instance.ctl('list', '-q')).to.deep.equal({ code: 0, stdout: 'a\n', stderr: '' }),
    );

  /** Has bad clients at a socket, and gives how long jaild took to answer others meanwhile, at worst. */
  async function harass(path: string, from: number, next = numbers(from)): Promise<number> {
    const crowd: Socket[] = [];
    const end = Date.now() + 1000 * seconds;
    let worst = 0;
    for (let round = 0; round < ROUNDS || Date.now() < end; round++) {
      const socket = await misbehave(path, badBytes(next), next);
      if (socket !== null) crowd.push(socket);
      if (crowd.length > CROWD) crowd.splice(next(crowd.length), 1)[0]?.destroy();
      if (round % 25 === 0) worst = Math.max(worst, askForList());
    }
    worst = Math.max(worst, askForList());
    for (const socket of crowd) socket.destroy();
    return worst;
  }

  it('bear clients that are malformed, huge, slow and half-closed: others are answered soon', async () => {
    const before = memoryOf(instance.daemonPid);
    expect(await harass(run('jaild.sock'), seed)).to.be.below(soon);
    expect(memoryOf(instance.daemonPid) - before).to.be.below(MORE_MEMORY);
    expect(instance.log).not.to.match(/[^\n\x20-\x7e\u00a0-\uffff]/);
    expect(instance.log).not.to.match(/^error: forged/m);
    expect(instance.log.length).to.be.below(100_000);
  });

  it('bear thousands of connections that say nothing', async () => {
    const before = memoryOf(instance.daemonPid);
    const idle: Socket[] = [];
    for (let n = 0; n < 3000; n++) {
      const socket = await open(run('jaild.sock')).catch(() => sleep(5)); // as many wait as may
      socket?.on('error', () => undefined);
      if (socket) idle.push(socket);
    }
    expect(askForList()).to.be.below(soon);
    expect(memoryOf(instance.daemonPid) - before).to.be.below(MORE_MEMORY);
    for (const socket of idle) socket.destroy();
    await sleep(100);
    expect(askForList()).to.be.below(soon);
  });

  it('are the jailer’s too, which goes on with its jail', async () => {
    const socket = run('a/jailer.sock');
    expect(existsSync(socket)).to.equal(true);
    const jailer = Number(
      /PPid:\s+(\d+)/.exec(readFileSync(`/proc/${instance.status('a').pid}/status`, 'utf8'))?.[1],
    );
    const before = memoryOf(jailer);
    expect(await harass(socket, seed + 1)).to.be.below(soon);
    await instance.until(
      'the jailer runs commands',
      () => instance.ctl('exec', 'a', '--', 'echo', 'up').stdout === 'up\n',
    );
    expect(memoryOf(jailer) - before).to.be.below(20_000);
    expect(instance.status('a').state).to.equal('running');
  });
});
