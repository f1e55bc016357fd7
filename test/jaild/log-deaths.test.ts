import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { Killer, callNames, type Call } from '../support/killer.js';
import { patience } from '../support/patience.js';

const LINES = 2500;
const SIZE = 64 * 1024;
const FILES = 20;
const names = Array.from({ length: 40 }, (_, index) => `j${index}`);
/** Calls that change what is in the directory, or bring the next line there. */
const MOVES = new Set([
  'renameat',
  'renameat2',
  'unlinkat',
  'open',
  'openat',
  'write',
  'read',
  'recvmsg',
  'sendmsg',
]);

describe('the log of a jail whose jailer is killed between the moves of its files', () => {
  const instance = new TestInstance();
  const killer = new Killer(join(instance.prefix, 'killer'));
  const known = callNames();
  const directory = join(instance.prefix, 'var/log/jaild');
  const filesOf = (name: string): readonly string[] =>
    readdirSync(directory).filter((file) => file.startsWith(`${name}.log`));
  const isWhole = (name: string): boolean => {
    const files = filesOf(name);
    return (
      files.includes(`${name}.log`) && files.every((file) => file === `${name}.log` || file.endsWith('.gz'))
    );
  };
  /** Its lines, by the life that has said them. */
  const livesOf = (name: string): readonly (readonly number[])[] => {
    const { stdout, stderr } = instance.ctl('logs', name);
    expect(stderr).to.equal('');
    const lives = new Map<string, number[]>();
    for (const [, life = '', line] of stdout.matchAll(/ stdout (\S{36}) (\d+)$/gm))
      lives.set(life, [...(lives.get(life) ?? []), Number(line)]);
    return [...lives.values()];
  };
  before(async () => {
    const life = 'life=\\$(cat /proc/sys/kernel/random/uuid)';
    instance.configure(`
      * { path = "$root"; restart.delay = "50ms"; log.max_size = ${SIZE}; log.max_files = ${FILES};
          command = "/bin/sh -c '${life}; seq 1 ${LINES} | sed s/^/\\$life\\\\ /; exec sleep 1000'"; }
      ${names.join(' { } ')} { }
    `);
    instance.environment = killer.environment;
    await instance.start();
  });

  after(() => instance.close());

  it('has each line once that came to it, and no file is left that is half made', async function () {
    this.timeout(600_000 * patience);
    killer.list('j0');
    expect(instance.ctl('start', 'j0').code).to.equal(0);
    await instance.until('it has said all', () => livesOf('j0')[0]?.length === LINES && isWhole('j0'));
    const calls = killer.listed('j0').filter(({ who }) => who === 'jailer');
    const first = calls.findIndex(({ number }) => known.get(number)?.startsWith('renameat'));
    const moves = calls.slice(first).filter(({ number }) => MOVES.has(known.get(number) ?? ''));
    const jails = names.slice(1, moves.length + 1);
    for (const [index, jail] of jails.entries()) killer.kill(jail, moves[index] as Call);
    // Some are killed before their start is answered.
    instance.ctl('start', ...jails);
    // How much it reads and writes at a time is chance: some are killed before they have kept a line, and some not at all.
    const isDone = (jail: string): boolean => {
      const { state, restarts } = instance.status(jail);
      const isBack = state === 'running' && restarts === (killer.hasKilled(jail) ? 1 : 0);
      return isBack && livesOf(jail).at(-1)?.length === LINES && isWhole(jail);
    };
    for (const jail of jails) await instance.until(`${jail} has said all`, () => isDone(jail));
    expect(jails.filter((jail) => killer.hasKilled(jail)).length).to.be.above(jails.length / 3);
    for (const lives of jails.map(livesOf))
      for (const life of lives) expect(life).to.deep.equal(life.map((_, index) => index + 1));
    const isHidden = (file: string): boolean => file.startsWith('.');
    await instance.until('no copy is half made', () => !readdirSync(directory).some(isHidden));
  });
});
