import { expect } from 'chai';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { code, say } from '../support/command-line.js';

const jails = [
  stoppedJail('db', { state: 'running', pid: 1, want: 'up' }),
  stoppedJail('web', { state: 'failed', want: 'up' }),
  stoppedJail('idle'),
];
const text = 'db { path = /jails/db; persist; } web { path = /jails/web; persist; }';

describe('jailctl start, stop and restart', () => {
  let operations: FakeOperations;
  beforeEach(() => (operations = new FakeOperations(jails, text)));

  it('say in one line for each jail what has become of it, failures last', async () => {
    operations.outcomes.set('web', {
      ok: false,
      message: 'not started: mount-root /jails/web: No such file or directory',
      hint: '"path" is set at jail.conf:1',
      code: 1,
    });
    operations.outcomes.set('db', { message: 'started (pid 4242, 0.3 s)' });
    expect(await say(operations, ['start', 'web', 'db', 'web'])).to.deep.equal({
      out: 'db started (pid 4242, 0.3 s)\n',
      err: 'error: web: not started: mount-root /jails/web: No such file or directory\nhint: "path" is set at jail.conf:1\n',
      result: { exit: 1 },
    });
    expect(operations.asked).to.deep.equal(['start web,db']);
  });

  it('take what stands behind -- for names, too', async () => {
    await say(operations, ['start', '--', 'web', 'db']);
    expect(operations.asked).to.deep.equal(['start web,db']);
  });

  it('do the jails there are and end with 4 for those that there are not', async () => {
    const { out, err, result } = await say(operations, ['stop', 'dc', 'db']);
    expect([out, err, result]).to.deep.equal([
      'db done\n',
      'error: dc: no such jail\nhint: did you mean "db"?\n',
      { exit: 4 },
    ]);
  });

  it('take the highest exit code that any jail calls for', async () => {
    operations.outcomes.set('web', { ok: false, message: 'x', code: 2 });
    operations.outcomes.set('db', { ok: false, message: 'y', code: 1 });
    expect(await code(operations, ['start', 'web', 'db'])).to.equal(2);
  });

  it('mean with -a: the jails of the files, all there are, and those meant to run', async () => {
    for (const command of ['start', 'stop', 'restart']) await say(operations, [command, '-a']);
    expect(operations.asked).to.deep.equal(['start db,web', 'stop cascade db,web,idle', 'restart db,web']);
  });

  it('say which word is missing', async () => {
    const said = async (...words: readonly string[]) => (await say(operations, words)).err.split('\n')[0];
    expect([await said('set'), await said('set', 'web'), await said('completion')]).to.deep.equal([
      'error: set: the name of a jail is missing',
      'error: set: PARAM=VALUE is missing',
      'error: completion: bash|zsh|fish is missing',
    ]);
  });

  it('want names or -a, and not both', async () => {
    expect(await code(operations, ['start'])).to.equal(2);
    expect(await code(operations, ['stop', '-a', 'db'])).to.equal(2);
    expect(operations.asked).to.deep.equal([]);
  });

  it('kill at once and dependants first where asked to', async () => {
    await say(operations, ['stop', '-f', '--cascade', 'db']);
    expect(operations.asked).to.deep.equal(['stop force cascade db']);
  });

  it('say nothing of what they wait for where there is no terminal', async () => {
    operations.waits = [
      ['db: starting, waiting for READY=1', 1],
      ['db: starting, waiting for READY=1 (loading)', 3],
    ];
    expect((await say(operations, ['start', 'db'])).err).to.equal('');
  });

  it('count the seconds on a terminal', async () => {
    operations.waits = [['db: starting', 3]];
    const terminal = { columns: 40, stdin: true, stdout: true, stderr: true, colour: false, term: 'xterm' };
    const { err } = await say(operations, ['start', 'db'], { terminal });
    expect(err).to.equal('\r\u001b[Kdb: starting\r\u001b[Kdb: starting, 3 s …\r\u001b[K');
  });

  it('wait for as long as they are told to', async () => {
    await say(operations, ['start', '--timeout', '1m30s', 'db']);
    await say(operations, ['start', '--no-wait', 'db']);
    expect(await code(operations, ['start', '--timeout', 'soon', 'db'])).to.equal(2);
    expect(operations.asked).to.deep.equal(['start within 90000 ms db', 'start without waiting db']);
  });

  it('show what they wait for on a terminal, and wipe it away', async () => {
    const terminal = { columns: 12, stdin: true, stdout: true, stderr: true, colour: false, term: 'xterm' };
    const { err } = await say(operations, ['start', 'db'], { terminal });
    expect(err).to.equal('\r\u001b[Kdb: startin\r\u001b[K');
    expect((await say(operations, ['start', 'db'])).err).to.equal('');
  });
});

describe('jailctl kill', () => {
  const operations = new FakeOperations(jails);
  it('takes a signal by name or number, and TERM when none is given', async () => {
    for (const signal of [
      [],
      ['-s', 'hup'],
      ['--signal=SIGUSR1'],
      ['-s', '9'],
      ['-s', 'RTMIN+3'],
      ['-s', 'RTMAX'],
    ])
      await say(operations, ['kill', ...signal, 'db']);
    expect(operations.asked).to.deep.equal([15, 1, 10, 9, 37, 64].map((number) => `signal ${number} db`));
  });

  it('knows no signals but those there are', async () => {
    const { err, result } = await say(operations, ['kill', '-s', 'KIL', 'db']);
    expect([err, result]).to.deep.equal([
      'error: there is no signal "KIL"\nhint: did you mean "KILL"?\n',
      { exit: 2 },
    ]);
    expect(await code(operations, ['kill', '-s', '0', 'db'])).to.equal(2);
    expect(await code(operations, ['kill', '-s', '65', 'db'])).to.equal(2);
  });
});

describe('rights', () => {
  it('let operators start and stop, and root alone run, exec, reload and shut down', async () => {
    const refused: string[] = [];
    const words = {
      start: ['db'],
      kill: ['db'],
      logs: ['nobody'],
      plan: ['db'],
      exec: ['db', '--', 'sh'],
      run: ['db'],
    };
    const commands = [...Object.entries(words), ['reload', []], ['shutdown', []], ['list', []]] as const;
    for (const [name, rest] of commands) {
      const { err } = await say(new FakeOperations(jails, text), [name, ...rest], { right: 'operator' });
      if (err.includes('only')) refused.push(name);
    }
    expect(refused).to.deep.equal(['exec', 'run', 'reload', 'shutdown']);
  });

  it('let nobody else change a jail, or have root read a file', async () => {
    const operations = new FakeOperations(jails, text);
    expect((await say(operations, ['stop', 'db'], { right: 'anyone' })).result).to.deep.equal({ exit: 1 });
    const { err } = await say(operations, ['plan', '-f', '/etc/shadow', 'db'], { right: 'operator' });
    expect(err).to.equal('error: only root may have jaild read a file\nhint: leave out -f\n');
    expect(operations.asked).to.deep.equal([]);
  });
});
