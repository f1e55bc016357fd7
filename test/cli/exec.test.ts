import { expect } from 'chai';
import type { CommandContext } from '../../src/cli/context.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { say } from '../support/command-line.js';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const socket = '/run/jaild/web/jailer.sock';
const terminal = { columns: 80, stdin: true, stdout: true, stderr: true, colour: false, term: 'xterm' };
let operations: FakeOperations;
const run = (words: readonly string[], more: Partial<CommandContext> = {}) => say(operations, words, more);

beforeEach(() => {
  operations = new FakeOperations(
    [stoppedJail('web', { jid: 7, state: 'running', pid: 1 }), stoppedJail('idle')],
    'mount.devfs; web { path = /jails/web; exec.env = "LANG=C", "A=1"; command = "sleep 9"; } idle { path = /i; persist; }',
  );
});

describe('jailctl exec', () => {
  it('hands the client to the jailer with a fresh environment', async () => {
    const { result } = await run(['exec', 'web', '--', 'ls', '-l', '--', 'x y']);
    expect(result).to.deep.equal({
      handOver: {
        socket,
        fields: ['exec', '', '/', 'no', 'yes', '4', 'ls', '-l', '--', 'x y', '3', PATH, 'LANG=C', 'A=1'],
      },
    });
  });

  it('passes on user, directory, terminal and variables, of which later ones win', async () => {
    const words = ['exec', '-it', '-u', 'www', '-w', '/srv', '-e', 'A=2', '-e', 'B=', '--login', 'web', 'id'];
    const { result } = await run(words, { terminal });
    expect(result).to.deep.equal({
      handOver: {
        socket,
        fields: [
          'exec',
          'www',
          '/srv',
          'yes',
          'yes',
          '1',
          'id',
          '5',
          PATH,
          'TERM=xterm',
          'LANG=C',
          'A=2',
          'B=',
        ],
      },
    });
  });

  it('refuses wrong use: no command, no absolute directory, no NAME=VALUE, an option in the wrong place', async () => {
    const wrong = [['web'], ['-w', 'x', 'web', 'id'], ['-e', 'A', 'web', 'id'], ['web', '-t', 'id'], []];
    for (const words of wrong) expect((await run(['exec', ...words])).result).to.deep.equal({ exit: 2 });
    expect((await run(['exec', 'web', '-t', 'id'])).err).to.equal(
      'error: "-t" is in the wrong place\nhint: options go before web, commands after --\n',
    );
  });

  it('tells a jail that does not run from one that there is not', async () => {
    expect(await run(['exec', 'idle', 'id'])).to.deep.equal({
      out: '',
      err: 'error: idle: it is not running (stopped)\nhint: jailctl start idle\n',
      result: { exit: 1 },
    });
    expect((await run(['exec', 'wep', 'id'])).result).to.deep.equal({ exit: 4 });
  });
});

describe('jexec', () => {
  const jexec = (words: readonly string[], more: Partial<CommandContext> = {}) =>
    run(words, { calledAs: 'jexec', ...more });

  it('runs a command as root in / by name or number', async () => {
    for (const name of ['web', '7'])
      expect((await jexec([name, 'ls', '-l'])).result).to.deep.equal({
        handOver: { socket, fields: ['exec', '0:0', '/', 'no', 'yes', '2', 'ls', '-l', '1', PATH] },
      });
  });

  it('runs a shell without a command, on a terminal where there is one', async () => {
    expect((await jexec(['-l', '-U', 'www', 'web'], { terminal })).result).to.deep.equal({
      handOver: {
        socket,
        fields: ['exec', 'www', '', 'yes', 'yes', '2', '/bin/sh', '-i', '2', PATH, 'TERM=xterm'],
      },
    });
  });

  it('takes the ids of a user of the host with -u', async () => {
    const { result } = await jexec(['-u', 'root', 'web', 'id']);
    expect(result).to.have.nested.property('handOver.fields[1]', '0:0');
    expect((await jexec(['-u', 'nobody-has-this-name', 'web', 'id'])).err).to.equal(
      'jexec: nobody-has-this-name: no such user\n',
    );
  });

  it('ends with 1 for a jail that is not there and for wrong use, in the words of FreeBSD', async () => {
    expect(await jexec(['idle', 'id'])).to.deep.equal({
      out: '',
      err: 'jexec: jail "idle" not found\n',
      result: { exit: 1 },
    });
    for (const words of [[], ['-u', 'a', '-U', 'b', 'web'], ['-x', 'web'], ['-u']])
      expect((await jexec(words)).err).to.match(/^usage: jexec /);
    expect((await jexec(['web', 'id'], { right: 'operator' })).result).to.deep.equal({ exit: 1 });
  });
});

describe('jailctl run', () => {
  it('runs a jail of the files with its own command, or with another one', async () => {
    const { result } = await run(['run', 'web']);
    expect(result).to.deep.equal({ handOver: { socket, fields: ['attach', 'no'] } });
    expect(operations.ranJail?.values.command).to.deep.equal(['sleep 9']);
    await run(['run', '-t', 'web', '--', 'sh', '-c', 'echo "a b"']);
    expect(operations.ranJail?.values.command).to.deep.equal(['sh', '-c', 'echo "a b"']);
    expect(operations.asked).to.deep.equal(['run web', 'run web terminal']);
  });

  it('keeps a command of one word one word', async () => {
    await run(['run', 'web', '--', '/bin/true']);
    expect(operations.ranJail?.values.command).to.deep.equal(['/bin/true']);
    await run(['run', 'web', '--', "it's one"]);
    expect(operations.ranJail?.values.command).to.deep.equal(["'it'\\''s one'"]);
  });

  it('makes a jail of parameters, named after the client when they give it no name', async () => {
    await run(['run', 'path=/', 'persist', 'host.hostname=box', '--', 'true']);
    const { name, values } = operations.ranJail ?? {};
    expect(name).to.equal('run-4711');
    expect(values).to.include({ path: '/', persist: true, 'host.hostname': 'box' });
    expect(values?.command).to.deep.equal(['true']);
    await run(['run', 'name=mine', 'path=/', 'command=true', 'x', 'y']);
    expect(operations.ranJail?.name).to.equal('mine');
    expect(operations.ranJail?.values.command).to.deep.equal(['true', 'x', 'y']);
  });

  it('names what is wrong with the parameters and starts nothing', async () => {
    const { err, result } = await run(['run', 'path=relative', 'comand=x']);
    expect(result).to.deep.equal({ exit: 2 });
    expect(err).to.include('<command line>:1:').and.include('unknown parameter "comand"');
    expect((await run(['run', 'wep'])).result).to.deep.equal({ exit: 4 });
    expect((await run(['run', 'path=/', 'command=a', '--', 'b'])).result).to.deep.equal({ exit: 2 });
    expect(operations.asked).to.deep.equal([]);
  });
});
