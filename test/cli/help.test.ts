import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { usageOf } from '../../src/cli/command.js';
import { commands } from '../../src/cli/commands.js';
import { shells } from '../../src/cli/completion.js';
import { commandsAsRoff } from '../../src/cli/manual.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { say } from '../support/command-line.js';

const operations = new FakeOperations([stoppedJail('web')]);

describe('the table of commands', () => {
  it('has each command, short option and summary once, as a sentence', () => {
    const names = commands.map(({ name }) => name);
    expect(names).to.deep.equal([...new Set(names)]);
    for (const { name, summary, options } of commands) {
      const shorts = Object.values(options).flatMap(({ short }) => (short === undefined ? [] : [short]));
      expect(shorts, name).to.deep.equal([...new Set(shorts)]);
      for (const text of [summary, ...Object.values(options).map((option) => option.summary)])
        expect(text, name).to.match(/^[A-Z].*\.$/);
      for (const { type, value } of Object.values(options))
        expect(value === undefined, name).to.equal(type === 'boolean');
    }
  });

  it('is what help shows: all commands, and each with its options', async () => {
    const { out } = await say(operations, ['help']);
    for (const { name } of commands) expect(out).to.match(new RegExp(`^  ${name} `, 'm'));
    for (const command of commands)
      for (const words of [
        ['help', command.name],
        [command.name, '--help'],
      ]) {
        const help = await say(operations, words);
        expect(help.result).to.deep.equal({ exit: 0 });
        expect(help.out.split('\n')[0]).to.equal(usageOf(command));
        for (const option of Object.keys(command.options)) expect(help.out).to.include(`--${option}`);
      }
  });

  it('is what the manual lists', () => {
    const roff = commandsAsRoff();
    for (const { name, options } of commands) {
      expect(roff).to.match(new RegExp(`^\\.It Cm ${name}`, 'm'));
      for (const [option, { short }] of Object.entries(options))
        expect(roff).to.include(`.It ${short === undefined ? '' : `Fl ${short} , `}Fl Fl ${option}`);
    }
    for (const line of roff.split('\n')) expect(line).to.match(/^(\.[A-Z][a-z] ?|[^.'])/);
  });

  it('is what shells complete', () => {
    for (const shell of Object.keys(shells)) {
      const script = shells[shell as keyof typeof shells]; // Object.keys() forgets which keys there are
      const text = script(
        commands.map(({ name, summary, completes, options }) => ({
          name,
          summary,
          completes,
          flags: Object.entries(options).map(([long, option]) => ({
            long,
            short: option.short,
            summary: option.summary,
          })),
        })),
      );
      for (const { name } of commands) expect(text, shell).to.include(name);
    }
  });

  it('completes commands, options, parameters and the names of jails in bash', async function () {
    if (!existsSync('/bin/bash')) {
      console.log('      skipped: there is no /bin/bash');
      this.skip();
    }
    const { out } = await say(operations, ['completion', 'bash']);
    const complete = (...words: string[]): string[] => {
      const script = `jailctl() { [ "$*" = "list --quiet" ] && printf 'web\\ndb\\n'; }\n${out}
        COMP_WORDS=(jailctl "$@"); COMP_CWORD=$#; _jailctl; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const said = execFileSync('/bin/bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
      return said.split('\n').filter((word) => word !== '');
    };
    expect(complete('stat')).to.deep.equal(['status', 'stats']);
    expect(complete('restart', '')).to.deep.equal(['--all', '-a', 'web', 'db']);
    expect(complete('logs', '--fo')).to.deep.equal(['--follow']);
    expect(complete('params', 'memory.ma')).to.deep.equal(['memory.max']);
    expect(complete('--prefix', '/tmp', 'stop', 'w')).to.deep.equal(['web']);
    expect(complete('check', '/etc/passw')).to.include('/etc/passwd');
  });
});

describe('a word that jailctl does not know', () => {
  it('is answered with the nearest one', async () => {
    expect(await say(operations, ['strat', 'web'])).to.deep.equal({
      out: '',
      err: 'error: there is no command "strat"\nhint: did you mean "start"?\n',
      result: { exit: 2 },
    });
    expect((await say(operations, ['logs', '--folow', 'web'])).err).to.equal(
      'error: option --folow is not known, did you mean --follow?\nhint: jailctl logs [-a] [-f] [-n N] [--since T] [--until T] [--stream STREAM] [--grep TEXT] [-i] [--json] NAME...\n',
    );
    expect((await say(operations, ['kill', '-s'])).err).to.match(/^error: -s.* needs a value\n/);
    expect((await say(operations, ['list', '--json=x'])).err).to.match(/^error: --json takes no value\n/);
    expect((await say(operations, [])).result).to.deep.equal({ exit: 2 });
  });

  it('is not mistaken for a parameter of the program', async () => {
    for (const word of ['__proto__', 'constructor', 'toString'])
      expect((await say(operations, [word])).result).to.deep.equal({ exit: 2 });
  });
});

describe('commands that read files', () => {
  it('are sent back to the client, whose files they are', async () => {
    expect((await say(operations, ['check', '/etc/jail.conf'])).result).to.equal('local');
    expect((await say(operations, ['config', '--json'])).result).to.equal('local');
  });
});
