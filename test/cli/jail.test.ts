import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { exhibitLine, jidFileLine, quotedValue } from '../../src/cli/jail-exhibit.js';
import { JailUsage, readJailWords, type JailCall } from '../../src/cli/jail-words.js';
import { withholdBroken } from '../../src/config/jail.js';
import { SystemError } from '../../src/host/error.js';
import type { CommandContext } from '../../src/cli/context.js';
import type { StepArgs } from '../../src/plan/step.js';
import type { Deed } from '../../src/supervise/operations.js';
import { compileText } from '../support/compile-text.js';
import { say, type Said } from '../support/command-line.js';
import { configurationOf, FakeOperations, stoppedJail } from '../support/fake-operations.js';

const text = `
  exec.clean;
  db { path = /jails/db; persist; }
  web { path = /jails/web; depend = db; exec.start = "/bin/a", "/bin/b &", "/bin/c"; command = /bin/d; }
  a.x { path = /jails/ax; persist; }
  a { path = /jails/a; persist; }
`;
const running = (name: string, jid: number) =>
  stoppedJail(name, { jid, state: 'running', pid: 40 + jid, want: 'up' });
const spawned: Deed = {
  kind: 'step',
  verb: 'done',
  step: { name: 'jailer.spawn', args: { rundir: '/run/jaild/x', records: [] } },
};

let operations: FakeOperations;
const jail = (...words: readonly string[]): Promise<Said> => say(operations, words, { calledAs: 'jail' });
const as = (more: Partial<CommandContext>, ...words: readonly string[]): Promise<Said> =>
  say(operations, words, { calledAs: 'jail', ...more });

beforeEach(() => {
  operations = new FakeOperations(
    [running('db', 3), stoppedJail('web'), stoppedJail('a'), stoppedJail('a.x')],
    text,
  );
  operations.deeds = [spawned];
});

describe('the words of jail(8)', () => {
  const paramsOf = (...words: readonly string[]): JailCall['params'] => readJailWords(words).params;

  it('are names for -r and -R, and for -c and -m when there is one of them at most', () => {
    for (const words of [
      ['-r', 'a', 'b'],
      ['-R', 'a', 'b'],
      ['-C', 'a', 'b'],
    ])
      expect(readJailWords(words).names).to.deep.equal(['a', 'b']);
    expect([readJailWords(['-c']).names, readJailWords(['-mr', 'a']).names]).to.deep.equal([[], ['a']]);
  });

  it('are parameters for -c and -m otherwise; command takes the rest, with a sign or without', () => {
    expect(paramsOf('-c', 'name=x', 'persist')).to.deep.equal(['name=x', 'persist']);
    expect(paramsOf('-cm', 'path=/p')).to.deep.equal(['path=/p']);
    const rest = ['name=x', 'command=/bin/sh', '-c', 'a=b'];
    expect(paramsOf('-c', ...rest)).to.deep.equal(rest);
    expect(paramsOf('-c', 'name=x', 'command', '/bin/sh', '-c', 'a=b')).to.deep.equal(rest);
  });

  it('may be path, host name, addresses and command alone, with options for what came later', () => {
    expect(
      paramsOf('-l', '-n', 'x', '-s', '2', '-U', 'www', '/p', 'h', '10.0.0.1,::1,10.0.0.2', 'ls', '-l'),
    ).to.deep.equal([
      'exec.clean',
      'name=x',
      'securelevel=2',
      'exec.jail_user=www',
      'path=/p',
      'host.hostname=h',
      'ip4.addr=10.0.0.1,10.0.0.2',
      'ip6.addr=::1',
      'command=ls',
      '-l',
    ]);
    expect(paramsOf('/p', 'h', '', 'ls')).to.deep.equal(['path=/p', 'host.hostname=h', 'command=ls']);
  });

  it('say how much is told: -i and -q nothing but what is asked for, -v everything', () => {
    const told = ({ quiet, verbose, printsJid }: JailCall) => [quiet, verbose, printsJid];
    expect(told(readJailWords(['-ic', 'a']))).to.deep.equal([true, false, true]);
    expect(told(readJailWords(['-qvc', 'a']))).to.deep.equal([false, true, false]);
  });

  it('make no sense in these ways', () => {
    const senseless = [
      [],
      ['-x'],
      ['-c', '-f'],
      ['-r'],
      ['-R'],
      ['-C'],
      ['-r', 'name=x'],
      ['-rC', 'a'],
      ['-Rc', 'a'],
      ['-cC', 'a'],
      ['p', 'h', '', 'ls'],
      ['/p', 'h', ''],
      ['-n', 'x', '-c', 'a'],
      ['-u', 'root', '-r', 'a'],
      ['-f', 'F', '-c', 'name=x'],
      ['-p', '0', '-c'],
      ['-p', 'two', '-c'],
      ['-e', ' ', 'a'],
      ['-e', ' ', '-c'],
    ];
    for (const words of senseless) expect(() => readJailWords(words), words.join(' ')).to.throw(JailUsage);
  });

  it('are answered by the usage when they make none', async () => {
    const { err, result } = await jail('-r');
    expect([err.split('\n')[0]?.slice(0, 12), result]).to.deep.equal(['usage: jail ', { exit: 1 }]);
  });
});

describe('jail -c with names', () => {
  it('starts a jail by the files as they are now, and tells what was created', async () => {
    operations.files = configurationOf('web { path = /new; persist; }');
    expect(await jail('-c', 'web')).to.deep.equal({ out: 'web: created\n', err: '', result: { exit: 0 } });
    expect(operations.asked).to.deep.equal(['read', 'create web']);
    expect(operations.created.map(({ values }) => values.path)).to.deep.equal(['/new']);
  });

  it('says that one exists that does, and is silent about it when all were asked for', async () => {
    expect(await jail('-c', 'db')).to.deep.equal({
      out: '',
      err: 'jail: "db" already exists\n',
      result: { exit: 1 },
    });
    operations.asked.length = 0;
    expect((await jail('-c')).result).to.deep.equal({ exit: 0 });
    expect(operations.asked).to.deep.equal(['read', 'create web,a.x,a']);
  });

  it('takes a wildcard for the jails of the files that it covers', async () => {
    await jail('-c', 'a.*');
    expect(operations.asked).to.deep.equal(['read', 'create a.x']);
  });

  it('starts no more at a time than -p says, what is depended on first', async () => {
    operations.jails = [];
    await jail('-p1', '-c');
    expect(operations.asked).to.deep.equal(['read', 'create db', 'create a', 'create web', 'create a.x']);
  });

  it("reads another file with -f, from the caller's directory", async () => {
    await as({ cwd: '/srv' }, '-f', 'my.conf', '-c', 'web');
    expect(operations.asked[0]).to.equal('read /srv/my.conf');
    expect((await as({ cwd: '' }, '-f', 'my.conf', '-c')).err).to.equal(
      'jail: my.conf: the working directory is gone\n',
    );
  });

  it('touches no jail when a file cannot be understood', async () => {
    operations.files = withholdBroken(configurationOf('web { path = ; '));
    const { err, result } = await jail('-c', 'web');
    expect(err).to.match(/^jail: jail\.conf:1:14: error: /);
    expect([result, operations.asked]).to.deep.equal([{ exit: 1 }, ['read']]);
  });

  it('shows what is wrong with a jail, and starts the others', async () => {
    operations.files = configurationOf('good { path = /p; persist; } bad { path = /p; perist; persist; }');
    operations.outcomes.set('bad', { ok: false, message: 'not started: x', code: 2 });
    const { out, err, result } = await jail('-c');
    expect(err).to.match(/^jail: jail\.conf:1:47: error: unknown parameter "perist"/);
    expect(err).to.not.include('not started');
    expect([out.includes('good: created'), result]).to.deep.equal([true, { exit: 1 }]);
  });

  it("tells failures in jail(8)'s words, takes back what was created, and what only jaild knows in a hint", async () => {
    operations.outcomes.set('web', {
      ok: false,
      message: 'not started: exec.start "/bin/a": exited 3',
      command: { text: '/bin/a', reason: 'exited 3' },
      hint: 'see its log',
      code: 1,
    });
    operations.outcomes.set('a.x', {
      ok: false,
      message: 'not started: waiting for a',
      waitsFor: ['a'],
      code: 1,
    });
    operations.outcomes.set('a', {
      ok: false,
      message: 'not started: mount-root /a: No such file or directory',
      code: 1,
    });
    expect((await jail('-c', 'web')).out).to.equal('web: created\nweb: removed\n');
    expect((await jail('-c')).err).to.equal(
      'jail: web: /bin/a: failed\nhint: exec.start "/bin/a": exited 3; see its log\n' +
        'jail: a.x: skipped\nhint: it starts by itself when a runs\n' +
        'jail: a: mount-root /a: No such file or directory\n',
    );
    operations.outcomes.set('web', {
      ok: false,
      message: 'x',
      command: { text: '/bin/a', reason: 'ended by signal 9 (SIGKILL)' },
    });
    expect((await jail('-c', 'web')).err).to.equal('jail: web: /bin/a: exited on signal 9\nhint: x\n');
    operations.outcomes.set('web', {
      ok: false,
      message: 'x',
      command: { text: '/bin/a', reason: 'timed out after 5 s' },
    });
    expect((await jail('-c', 'web')).err).to.equal('jail: web: /bin/a: timed out\nhint: x\n');
  });

  it('prints the number alone with -i, and nothing with -q', async () => {
    operations.jails = [{ ...stoppedJail('web'), state: 'preparing' }];
    expect((await jail('-i', '-c', 'web')).out).to.equal('0\n');
    expect((await jail('-q', '-c', 'web')).out).to.equal('');
  });

  it('tells each step with -v when it is done, commands as jail(8) tells them', async () => {
    const hook: StepArgs['hook.run'] = {
      ...{ phase: 'exec.prestart', command: '/bin/p', argv: ['/bin/p'], environment: {} },
      ...{ user: 'www', timeout: 30, background: false },
    };
    operations.deeds = [
      { kind: 'step', verb: 'run', step: { name: 'hook.run', args: hook } },
      spawned,
      { kind: 'step', verb: 'run', step: { name: 'jailer.go', args: {} } },
      { kind: 'started', index: 0 },
      { kind: 'started', index: 1 },
      { kind: 'step', verb: 'undo', step: { name: 'rundir.create', args: { path: '/run/x' } } },
    ];
    expect((await jail('-v', '-c', 'web')).out.split('\n')).to.deep.equal([
      'web: run command as www: /bin/p',
      'web: created',
      'web: run command in jail: /bin/a',
      'web: run command in jail: /bin/b &',
      'web: run command in jail: /bin/c',
      'web: run command in jail: /bin/d',
      'web: undo rundir.create path=/run/x',
      '',
    ]);
  });
});

describe('jail -r and -R', () => {
  it('stop jails by name, number and wildcard, those that depend on them first, and tell it', async () => {
    operations.deeds = [{ kind: 'state', state: 'cleaning' }];
    expect(await jail('-r', '3')).to.deep.equal({ out: 'db: removed\n', err: '', result: { exit: 0 } });
    expect((await jail('-r', '*')).out).to.equal('db: removed\n');
    expect(operations.asked).to.deep.equal(['stop cascade db', 'stop cascade db']);
  });

  it('tell of a jail that is not there, unless they are to be quiet or a wildcard chose it', async () => {
    expect(await jail('-r', 'web')).to.deep.equal({
      out: '',
      err: 'jail: "web" not found\n',
      result: { exit: 1 },
    });
    expect((await jail('-qr', 'web')).result).to.deep.equal({ exit: 0 });
    expect((await jail('-r', 'a.*')).result).to.deep.equal({ exit: 0 });
  });

  it('run no command with -R, which says nothing of one jail that it was given', async () => {
    operations.deeds = [{ kind: 'state', state: 'cleaning' }];
    expect((await jail('-R', 'db')).out).to.equal('');
    expect((await jail('-R', '*')).out).to.equal('db: removed\n');
    expect(operations.asked).to.deep.equal([
      'stop force cascade without hooks db',
      'stop force cascade without hooks db',
    ]);
  });

  it('say which command has kept a jail up', async () => {
    operations.outcomes.set('db', {
      ok: false,
      message: 'not stopped: exec.stop /bin/x: exited 1',
      command: { text: '/bin/x', reason: 'exited 1' },
      code: 1,
    });
    const { out, err, result } = await jail('-r', 'db');
    expect([out, err, result]).to.deep.equal([
      '',
      'jail: db: /bin/x: failed\nhint: exec.stop /bin/x: exited 1\n',
      { exit: 1 },
    ]);
  });
});

describe('jail -m, and -r together with -c and -m', () => {
  it('make a running jail what its file says', async () => {
    expect(await jail('-m', 'db')).to.deep.equal({ out: 'db: updated\n', err: '', result: { exit: 0 } });
    expect((await jail('-mr', 'db')).out).to.equal('db: updated\n');
    expect(operations.asked).to.deep.equal(['read', 'change db', 'read', 'change or restart db']);
  });

  it('tell of one that is not there, but not when all were asked for', async () => {
    expect((await jail('-m', 'web')).err).to.equal('jail: "web" not found\n');
    expect(await jail('-m')).to.deep.equal({ out: 'db: updated\n', err: '', result: { exit: 0 } });
  });

  it('create what is not there and change what is, with -cm', async () => {
    expect((await jail('-cm')).out).to.equal('web: created\na.x: created\na: created\ndb: updated\n');
  });

  it('restart with -rc, those that depend on it too', async () => {
    expect((await jail('-rc', 'db')).result).to.deep.equal({ exit: 0 });
    expect(operations.asked).to.deep.equal(['read', 'stop cascade db', 'create db']);
    operations.outcomes.set('db', { ok: false, message: 'not stopped: x', code: 1 });
    operations.asked.length = 0;
    expect((await jail('-rc', 'db')).result).to.deep.equal({ exit: 1 });
    expect(operations.asked).to.deep.equal(['read', 'stop cascade db']);
  });
});

describe('jail -C', () => {
  it('cleans up after a jail that is gone, and refuses one that is not', async () => {
    expect((await jail('-C', 'web')).result).to.deep.equal({ exit: 0 });
    expect(await jail('-C', 'db')).to.deep.include({
      err: 'jail: "db" already exists\n',
      result: { exit: 1 },
    });
    expect(operations.asked).to.deep.equal(['read', 'clean up web', 'read']);
  });
});

describe('a jail of the command line', () => {
  it('goes on by itself when it persists, and is not started again unless that is said', async () => {
    expect(await jail('-c', 'name=x', 'path=/p', 'persist')).to.deep.equal({
      out: 'x: created\n',
      err: '',
      result: { exit: 0 },
    });
    expect(operations.created.map(({ name, values }) => [name, values])).to.deep.equal([
      ['x', { restart: 'no', name: 'x', path: '/p', persist: true }],
    ]);
    await jail('-c', 'name=x', 'path=/p', 'persist', 'restart=always');
    expect(operations.created[0]?.values.restart).to.equal('always');
  });

  it('has its number for a name when it has been given none, and is not talked about then', async () => {
    expect((await jail('-c', 'path=/p', 'persist')).out).to.equal('');
    expect(operations.created[0]?.name).to.equal('1');
    await jail('-c', 'jid=7', 'path=/p', 'persist');
    expect([operations.created[0]?.name, operations.created[0]?.values.jid]).to.deep.equal(['7', 7]);
  });

  it("has the caller's own input and output for its command, and is gone after it", async () => {
    const { out, result } = await jail('-c', 'name=x', 'path=/p', 'command=/bin/sh', '-c', 'id');
    expect([out, result]).to.deep.equal([
      '',
      { handOver: { socket: '/run/jaild/x/jailer.sock', fields: ['attach'] } },
    ]);
    expect(operations.ranJail?.values.command).to.deep.equal(['/bin/sh', '-c', 'id']);
    expect((await jail('-c', 'name=web', 'path=/p', 'command=ls')).err).to.match(
      /^jail: web: the files of jaild have/,
    );
  });

  it('stays after its command when it persists', async () => {
    operations.jails = [];
    const create = operations.create.bind(operations);
    operations.create = (definitions, names) => {
      operations.jails = [running('x', 1)];
      return create(definitions, names);
    };
    const { result } = await jail('-c', 'name=x', 'path=/p', 'persist', 'command=echo hi');
    expect(operations.created[0]?.values.command).to.equal(undefined);
    expect(result).to.deep.equal({
      handOver: {
        socket: '/run/jaild/x/jailer.sock',
        fields: [
          ...['exec', '', '/', 'no', 'yes', '2', 'echo', 'hi', '1'],
          'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        ],
      },
    });
  });

  it('is refused with all that is wrong with it, and when what it depends on is not there', async () => {
    const { err, result } = await jail('-c', 'name=x', 'path=/p', 'persist', 'memory.max=huge');
    expect(err).to.match(/^jail: <command line>:1:35: error: memory\.max: "huge" is not a size/);
    expect(err).to.match(/\njail: x: its parameters are wrong\n$/);
    expect(result).to.deep.equal({ exit: 1 });
    expect((await jail('-c', 'name=x', 'path=/p', 'persist', 'depend=web')).err).to.equal(
      'jail: x: depends on nonexistent jail "web"\n',
    );
    expect((await jail('-u', 'nobody-here', '-c', 'name=x', 'path=/p', 'persist')).err).to.equal(
      'jail: nobody-here: no such user\n',
    );
  });

  it('exists once: -cm changes it, -rc makes it anew', async () => {
    const words = ['name=db', 'path=/jails/db', 'persist', 'pids.max=5'];
    expect((await jail('-c', ...words)).err).to.equal('jail: "db" already exists\n');
    expect((await jail('-cm', ...words)).out).to.equal('db: updated\n');
    expect((await jail('-rc', ...words)).result).to.deep.equal({ exit: 0 });
    expect(operations.asked).to.deep.equal(['change db', 'stop cascade db', 'create db']);
  });

  it('is changed by -m with its name or its number', async () => {
    expect((await jail('-m', 'name=db', 'pids.max=5')).out).to.equal('db: updated\n');
    expect(operations.changed?.values['pids.max']).to.equal(5);
    expect((await jail('-m', 'jid=3', 'pids.max=6')).out).to.equal('db: updated\n');
    expect(operations.changed?.values['pids.max']).to.equal(6);
    expect((await jail('-m', 'jid=4', 'pids.max=6')).err).to.equal('jail: "4" not found\n');
    expect((await jail('-m', 'pids.max=6')).err).to.equal('jail: no jail specified\n');
    expect((await jail('-m', 'name=db', 'pids.max=x')).err).to.match(/\njail: db: nothing is changed\n$/);
  });
});

describe('jail -J', () => {
  const directory = mkdtempSync(join(tmpdir(), 'jaild-jids-'));
  after(() => rmSync(directory, { recursive: true }));

  it('writes number and parameters of what was created', async () => {
    operations.jails = [running('db', 3)];
    await as({ cwd: directory }, '-J', 'jids', '-c', 'name=x', 'path=/p', 'persist');
    expect(readFileSync(join(directory, 'jids'), 'utf8')).to.equal('jid=0 name=x path=/p persist\n');
    const { err, result } = await as(
      { cwd: directory },
      '-J',
      'no/jids',
      '-c',
      'name=x',
      'path=/p',
      'persist',
    );
    expect([err.split(':')[0], result]).to.deep.equal(['jail', { exit: 1 }]);
  });

  it('has columns for a jail in the old style', () => {
    const [made] = compileText(
      'x { path = /p; host.hostname = h; ip4.addr = 10.0.0.1, 10.0.0.2; command = ls, "-l"; }',
    ).jails;
    if (made === undefined) throw new Error('no jail');
    expect(jidFileLine(made, 4, true)).to.equal('4\t/p\th\t10.0.0.1,10.0.0.2\tls -l\n');
  });
});

describe('jail -e', () => {
  it('quotes what is empty or has blanks or quotes in it', () => {
    const quoted = ['', 'a b', 'a\tb', "it's", 'say "a"', `both ' and "`, 'back\\slash', 'plain,comma'].map(
      quotedValue,
    );
    expect(quoted).to.deep.equal([
      '""',
      '"a b"',
      '"a\tb"',
      '"it\'s"',
      '\'say "a"\'',
      '"both \' and \\""',
      'back\\\\slash',
      'plain,comma',
    ]);
  });

  it('prints the name first, then each parameter in the order of first mention, and no number', () => {
    const { jails } = compileText(
      'persist; 7 { path = "/a b"; ip4.addr = 10.0.0.1, 10.0.0.2; } w { jid = 9; allow.nomount; }',
    );
    expect(jails.map((one) => exhibitLine(one, '|'))).to.deep.equal([
      'name=7|persist|path="/a b"|ip4.addr=10.0.0.1,10.0.0.2\n',
      'name=w|persist|allow.nomount\n',
    ]);
  });

  it('needs neither jaild nor root, and is content with jails that fail', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'jaild-e-'));
    const file = join(directory, 'jail.conf');
    writeFileSync(file, 'good { path = /p; } bad { path = "$nothing"; }');
    expect((await jail('-e', ',', '-f', file)).result).to.equal('local');
    const { out, err, result } = await say(null, ['-f', file, '-e', ';'], {
      calledAs: 'jail',
      right: 'anyone',
    });
    expect([out, result]).to.deep.equal(['name=good;path=/p\nname=bad;path=""\n', { exit: 0 }]);
    expect(err).to.match(/^jail: .*variable/);
    writeFileSync(file, 'good { path = ; }');
    expect((await say(null, ['-f', file, '-e', ';'], { calledAs: 'jail' })).result).to.deep.equal({
      exit: 1,
    });
    rmSync(directory, { recursive: true });
  });
});

describe('jail', () => {
  it('is for root only, but for -e', async () => {
    const refused = await as({ right: 'operator' }, '-c', 'web');
    expect([refused.err, refused.result, operations.asked]).to.deep.equal([
      'jail: only root may do that\n',
      { exit: 1 },
      [],
    ]);
  });

  it('ends with 1 and its own name when the machine refuses something', async () => {
    operations.run = () => Promise.reject(new SystemError('mount', 2, '/p'));
    const { err, result } = await jail('-c', 'name=x', 'path=/p', 'command=ls');
    expect([err, result]).to.deep.equal(['jail: mount /p: No such file or directory\n', { exit: 1 }]);
  });
});

describe('jailctl set', () => {
  const set = (...words: readonly string[]): Promise<Said> => say(operations, ['set', ...words]);

  it('changes a running jail by PARAM=VALUE words', async () => {
    expect(await set('db', 'pids.max=5', 'persist=true')).to.deep.equal({
      out: 'db done\n',
      err: '',
      result: { exit: 0 },
    });
    expect([operations.asked, operations.changed?.values['pids.max']]).to.deep.equal([['change db'], 5]);
  });

  it('changes nothing when there is a mistake, and tells all of them', async () => {
    const { err, result } = await set('db', 'pids.max=x', 'memroy.max=5');
    expect(err).to.match(/^<command line>:1:10: error: pids\.max/);
    expect(err).to.match(/did you mean "memory.max"/);
    expect([result, operations.changed]).to.deep.equal([{ exit: 2 }, null]);
    expect((await set('db', 'name=x')).result).to.deep.equal({ exit: 2 });
    expect((await set('db')).result).to.deep.equal({ exit: 2 });
    expect((await set('dc', 'pids.max=5')).result).to.deep.equal({ exit: 4 });
  });
});
