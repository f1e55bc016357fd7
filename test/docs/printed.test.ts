import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { statusReply } from '../../src/cli/status-json.js';
import { describeParams } from '../../src/config/manual/describe.js';
import { jailerSteps, printedFiles } from '../../src/manual.js';
import { shown, transitions, type Phase } from '../../src/supervise/lifecycle.js';
import { stoppedJail } from '../support/fake-operations.js';

const repository = join(import.meta.dirname, '../../..');
const files = printedFiles(repository);
const pages = [...files.keys()].filter((path) => path.startsWith('man/'));
const page = (name: string): string => files.get(`man/${name}`) ?? '';

describe('a committed file', () => {
  for (const [path, text] of files)
    it(`is what npm run man prints: ${path}`, () => {
      expect(readFileSync(join(repository, path), 'utf8')).to.equal(text);
    });
});

describe('a manual page', () => {
  for (const path of pages)
    it(`has no list left out: ${path}`, () => expect(files.get(path)).not.to.match(/^@/m));

  if (existsSync('/usr/bin/groff'))
    for (const path of pages)
      it(`is accepted by groff without a warning: ${path}`, () => {
        // On one long page, as on a screen: where sheets of paper would end says nothing of the text.
        const { status, stderr } = spawnSync('groff', ['-t', '-mandoc', '-Tutf8', '-ww', '-z', '-'], {
          encoding: 'utf8',
          input: `.pl 100000v\n${files.get(path) ?? ''}`,
        });
        expect([status, stderr]).to.deep.equal([0, '']);
      });

  if (existsSync('/usr/bin/groff'))
    for (const path of pages)
      it(`fits a screen of 80 columns: ${path}`, () => {
        const text = execFileSync('groff', [
          '-t',
          '-mandoc',
          '-Tascii',
          '-P-cbou',
          '-rLL=78n',
          join(repository, path),
        ]);
        const lines = text.toString().split('\n');
        expect(lines.length).to.be.greaterThan(50);
        expect(lines.filter((line) => line.length > 80)).to.deep.equal([]);
      });

  if (existsSync('/usr/bin/mandoc'))
    for (const path of pages)
      it(`is accepted by mandoc without a warning: ${path}`, () => {
        const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning', join(repository, path)], {
          encoding: 'utf8',
        });
        expect([status, stdout]).to.deep.equal([0, '']);
      });
});

describe('jail.conf(5)', () => {
  it('has every parameter', () => {
    const listed = [...page('jail.conf.5').matchAll(/^\.It Va (\S+)$/gm)].map(([, name]) => name);
    expect(listed).to.include.members(describeParams().map(({ name }) => name));
  });

  it('tells how Linux treats each of them, in one table', () => {
    const [, table = ''] = /^Parameter\tLinux\tRemarks\n([^]*?)^\.TE$/m.exec(page('jail.conf.5')) ?? [];
    const rows = [...table.matchAll(/^([a-z][\w.]+)\t(same|close|partly|not yet|ignored|own)\t/gim)];
    expect(rows.map(([, name]) => name)).to.deep.equal(
      describeParams()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it('tells what each type takes', () => {
    const [, values = ''] = /^\.Sh VALUES$([^]*?)^\.Sh /m.exec(page('jail.conf.5')) ?? [];
    const told = [...values.matchAll(/^\.It Cm (.*)$/gm)].flatMap(([, types = '']) => types.split(' , '));
    const types = new Set(describeParams().map(({ type }) => type));
    expect([...types].sort()).to.deep.equal(told.sort());
  });

  it('tells of each command and when it is run', () => {
    const [, order = ''] = /^\.Sh COMMANDS$([^]*?)^\.Sh /m.exec(page('jail.conf.5')) ?? [];
    const told = [...order.matchAll(/^\.It \d+ Ta Va ((?:exec\.\w+)|command) /gm)].map(([, name]) => name);
    const all = describeParams().filter(
      ({ name, type }) => type === 'list of commands' || name === 'command',
    );
    expect(told.sort()).to.deep.equal(all.map(({ name }) => name as string).sort());
  });
});

describe('jaild(8)', () => {
  it('tells of every state and of every phase', () => {
    // Object.keys() forgets which keys there are.
    const phases = Object.keys(transitions) as Phase[];
    const listed = [...page('jaild.8').matchAll(/^\.It Cm (\S+)$/gm)].map(([, name]) => name);
    expect(listed).to.include.members([...phases, ...phases.map(shown)]);
  });

  it('has every step of the jailer, in its order', () => {
    const steps = jailerSteps(repository).map(([name]) => name);
    const part = page('jaild.8').split('.Sh DIAGNOSTICS')[1] ?? '';
    expect([...part.matchAll(/^\.It Cm (\S+)$/gm)].map(([, name]) => name)).to.deep.equal(steps);
  });
});

describe('jailctl(8)', () => {
  it('has every key of status --json', () => {
    const text = page('jailctl.8');
    const looked = { networks: new Map(), tails: new Map() };
    const { jails } = statusReply([stoppedJail('web')], looked);
    const keys = jails.flatMap((jail) => Object.keys(jail));
    expect(keys.filter((key) => !new RegExp(`\\bLi ${key}\\b`).test(text))).to.deep.equal([]);
  });
});

describe('the completion of bash', () => {
  const complete = (words: readonly string[]): readonly string[] =>
    execFileSync(
      'bash',
      [
        '-c',
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _jailctl; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        join(repository, 'etc/completion/jailctl.bash'),
        ...words,
      ],
      { encoding: 'utf8' },
    )
      .split('\n')
      .filter((word) => word !== '');

  it('knows commands, options and parameters', () => {
    expect(complete(['jailctl', 'stat'])).to.deep.equal(['status', 'stats']);
    expect(complete(['jailctl', 'logs', '--f'])).to.deep.equal(['--follow']);
    expect(complete(['jailctl', 'params', 'memory.s'])).to.deep.equal(['memory.swap.max']);
  });
});
