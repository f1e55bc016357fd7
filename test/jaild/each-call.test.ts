import { expect } from 'chai';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { copiesOf, parentOf, readOf } from '../support/copies.js';
import { TestInstance, type Answer, type StatusJson } from '../support/instance.js';
import { Killer, callNames, type Call } from '../support/killer.js';
import { tracesOf } from '../support/leftovers.js';
import { patience } from '../support/patience.js';

const SERVICE = '/bin/sleep 7676';
/** So many jails are killed beside one another, each at a call of its own. */
const MOST = 40;
const names = Array.from({ length: MOST }, (_, index) => `j${index}`);
const comesBack = (jail: string): boolean => names.indexOf(jail) % 2 === 0;

/** Each time that a call is made, which takes minutes, not only the first. */
const walksAll = process.env['JAILD_EACH_CALL'] !== undefined;
/** What does nothing outside of its own process: a death before it is as one before the next. */
const QUIET = new Set(
  [
    'arch_prctl set_tid_address set_robust_list rseq prctl prlimit64 umask chdir fchdir capget capset keyctl getpid getcwd',
    'mmap munmap mprotect brk madvise rt_sigaction rt_sigprocmask signalfd4 close close_range fcntl dup2 dup3 getsockopt',
    'pread64 stat fstat newfstatat statx fstatfs faccessat2 poll ppoll epoll_wait',
  ].flatMap((line) => line.split(' ')),
);
/** How the end of each is told, from when the jail is about to be there until it runs. */
const words: Readonly<Record<string, RegExp>> = {
  jailer: /jailer:? lost|jailer \S+: ended before it had said anything/,
  init: /(process 1: )?signal 9 \(SIGKILL\)/,
};

const definition = (prefix: string): string => `
  * {
    base = "$root"; command = "${SERVICE}"; stop.timeout = 2; restart.delay = "50ms"; memory.max = 64M; nat;
    exec.prestart = "/bin/true"; exec.created = "/bin/true"; exec.start = "/bin/true"; exec.poststart = "/bin/true";
    exec.prestop = "/bin/true"; exec.stop = "/bin/true"; exec.poststop = "/bin/true";
  }
  ${names
    .map((name, index) => {
      const own = comesBack(name) ? '' : 'restart = no;';
      return `${name} { path = "${prefix}/roots/${name}"; ip4.addr = 10.91.${index}.2; ${own} }`;
    })
    .join('\n')}
`;

interface Condemned extends Call {
  readonly jail: string;
}

describe('a jailer, or the process 1 of a jail, that is killed right before a system call', () => {
  const instance = new TestInstance();
  const killer = new Killer(join(instance.prefix, 'killer'));
  const known = callNames();
  let starting: readonly Call[] = [];
  let stopping: readonly Call[] = [];

  before(async () => {
    for (const name of names) mkdirSync(join(instance.prefix, 'roots', name));
    instance.configure(definition(instance.prefix));
    instance.environment = killer.environment;
    await instance.start();
    const listOf = (verb: string): readonly Call[] => {
      killer.list('j0');
      expect(instance.ctl(verb, 'j0')).to.include({ code: 0, stderr: '' });
      return killer.listed('j0').filter(isWalked);
    };
    [starting, stopping] = [listOf('start'), listOf('stop')];
  });

  after(() => instance.close());

  const isWalked = ({ number, times }: Call): boolean =>
    (walksAll || times === 1) && !QUIET.has(known.get(number) ?? '');
  const nameOf = ({ who, number, times }: Call): string => `${who}: ${known.get(number)} ${times}`;
  const traces = (jails: readonly string[]): readonly string[] =>
    jails.flatMap((jail) => tracesOf(instance.prefix, jail));
  const ask = (verb: string, jails: readonly string[]): Promise<readonly Answer[]> =>
    Promise.all(jails.map((jail) => instance.ctlLater(verb, jail)));

  function* batchesOf(calls: readonly Call[]): Generator<readonly Condemned[]> {
    for (let at = 0; at < calls.length; at += MOST)
      yield calls.slice(at, at + MOST).map((call, index) => ({ ...call, jail: names[index] ?? '' }));
  }

  /** @returns those that have come to their call: how often some are made is a matter of chance */
  function killed(batch: readonly Condemned[]): readonly Condemned[] {
    const found = batch.filter(({ jail }) => killer.hasKilled(jail));
    expect(found.length).to.be.at.least(walksAll ? 1 : batch.length - 2);
    return found;
  }

  /** All of them run, once each; then they are stopped, and nothing of them is left. */
  async function startAndStop(batch: readonly Condemned[]): Promise<void> {
    const jails = batch.map(({ jail }) => jail);
    for (const [index, { code, stderr }] of (await ask('start', jails)).entries())
      expect({ code, stderr }, batch.map(nameOf)[index]).to.deep.equal({ code: 0, stderr: '' });
    const found = copiesOf(instance.prefix, (line) => line === SERVICE);
    expect(jails.map((jail) => found.get(jail)?.length)).to.deep.equal(jails.map(() => 1));
    expect(instance.ctl('stop', ...jails)).to.include({ code: 0, stderr: '' });
    expect(traces(jails)).to.deep.equal([]);
    for (const jail of jails) killer.spare(jail);
  }

  const hasSettled = ({ name, state, restarts }: StatusJson): boolean =>
    comesBack(name) ? state === 'running' && restarts === 1 : state === 'failed';
  const statuses = (): ReadonlyMap<string, StatusJson> =>
    new Map(instance.statuses().map((status) => [status.name, status]));

  it('of a start is told as what it was, and the jail comes back or has failed, as its file says', async function () {
    this.timeout(1200_000 * patience);
    for (const batch of batchesOf(starting)) {
      for (const call of batch) killer.kill(call.jail, call);
      const answers = await ask(
        'start',
        batch.map(({ jail }) => jail),
      );
      const dead = killed(batch);
      for (const call of dead) {
        const { code, stderr } = answers[batch.indexOf(call)] ?? {};
        if (code !== 0) expect(stderr, nameOf(call)).to.match(words[call.who] ?? /never/);
      }
      const isSettled = ([name, status]: readonly [string, StatusJson]): boolean =>
        !dead.some(({ jail }) => jail === name) || hasSettled(status);
      await instance.until('they settle', () => [...statuses()].every(isSettled));
      const found = statuses();
      for (const call of dead)
        expect(found.get(call.jail)?.exit?.cause, nameOf(call)).to.match(words[call.who] ?? /never/);
      expect(traces(dead.map(({ jail }) => jail).filter((jail) => !comesBack(jail)))).to.deep.equal([]);
      await startAndStop(batch);
    }
  });

  it('of a stop lets the stop end as it was asked for', async function () {
    this.timeout(1200_000 * patience);
    for (const batch of batchesOf(stopping)) {
      const jails = batch.map(({ jail }) => jail);
      expect(instance.ctl('start', ...jails)).to.include({ code: 0, stderr: '' });
      for (const call of batch) killer.kill(call.jail, call);
      for (const [index, { code, stderr }] of (await ask('stop', jails)).entries())
        expect({ code, stderr }, batch.map(nameOf)[index]).to.deep.equal({ code: 0, stderr: '' });
      killed(batch);
      expect(new Set(instance.statuses().map(({ state }) => state))).to.deep.equal(new Set(['stopped']));
      expect(traces(jails)).to.deep.equal([]);
      for (const jail of jails) killer.spare(jail);
      await startAndStop(batch);
    }
  });

  it('together with jaild leaves nothing that keeps the next one from its work', async function () {
    this.timeout(120_000 * patience);
    const every = Math.ceil(starting.length / 20);
    const [batch = []] = batchesOf(starting.filter((_, index) => index % every === 0));
    for (const call of batch) killer.kill(call.jail, call);
    const dead = (): number => batch.filter(({ jail }) => killer.hasKilled(jail)).length;
    const asked = ask(
      'start',
      batch.map(({ jail }) => jail),
    );
    await instance.until('half of them are killed', () => dead() > batch.length / 2);
    await instance.killDaemon();
    await asked;
    await instance.start();
    for (const { jail } of batch) killer.spare(jail);
    await startAndStop(batch);
    const zombies = (): readonly string[] =>
      readdirSync('/proc').filter(
        (pid) =>
          parentOf(Number(pid)) === instance.daemonPid && /^State:\s+Z/m.test(readOf(Number(pid), 'status')),
      );
    await instance.until('jaild has no dead children', () => zombies().length === 0);
  });
});
