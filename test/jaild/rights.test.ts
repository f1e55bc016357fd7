import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { commands } from '../../src/cli/commands.js';
import { findGroup } from '../../src/control/access.js';
import { TestInstance, type Answer } from '../support/instance.js';

/** Who may have jaild do it: `own` is done by the client, with no more than the rights of its caller. */
type Needs = 'root' | 'operator' | 'anyone' | 'own';

/** Every command, with words that do no harm where they are not refused. Whoever adds one decides here. */
const TABLE: Readonly<Record<string, readonly [needs: Needs, ...words: string[]]>> = {
  start: ['operator', 'a'],
  stop: ['operator', 'nobody'],
  restart: ['operator', 'a'],
  status: ['operator'],
  list: ['operator'],
  schedule: ['operator'],
  stats: ['operator'],
  top: ['operator', '-b', '-n', '1'],
  logs: ['operator', 'a'],
  events: ['operator'],
  metrics: ['operator'],
  run: ['root', 'nobody'],
  exec: ['root', 'a', '--', 'true'],
  set: ['root', 'nobody', 'pids.max=5'],
  kill: ['operator', '-s', 'CONT', 'a'],
  pause: ['operator', 'a'],
  resume: ['operator', 'a'],
  audit: ['operator', 'a'],
  check: ['own'],
  config: ['own'],
  fmt: ['own'],
  plan: ['operator', 'a'],
  reload: ['root', '-n'],
  shutdown: ['root', 'not now'],
  params: ['anyone', 'path'],
  completion: ['anyone', 'bash'],
  version: ['anyone'],
  help: ['anyone'],
};

const UID = 12345;
/** A group that every host has, which takes the part of the operators'. */
const GROUP = 'daemon';
const REFUSED = /is for (root|root and members of the socket's group) only|only root may/;
const UNREACHABLE = /jaild is not reachable: Permission denied/;

describe('who may do what', () => {
  const instance = new TestInstance();
  const gid = findGroup(readFileSync('/etc/group', 'utf8'), GROUP);
  const client = (name = 'jailctl'): string => join(instance.prefix, 'client', name);

  const as = {
    root: [],
    operator: ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, `--groups=${gid}`],
    stranger: ['setpriv', `--reuid=${UID}`, `--regid=${UID}`, '--clear-groups'],
  } as const;
  const ask = (who: readonly string[], name: string, ...words: string[]): Answer =>
    instance.run([...who, client(name), ...words]);
  const isRefused = ({ stderr }: Answer): boolean => REFUSED.test(stderr);

  before(async () => {
    instance.write('etc/jaild.ini', `[socket]\ngroup = ${GROUP}\n`);
    instance.configure(
      `a { path = "$root"; persist; mount = "$prefix/run/jaild $root/mnt/jaild none bind 0 0"; }`,
    );
    // Beside no script: what it can't ask jaild it can't do.
    mkdirSync(join(instance.prefix, 'client'));
    for (const name of ['jailctl', 'jail', 'jls', 'jexec']) {
      copyFileSync(instance.bin('jailctl'), client(name));
      chmodSync(client(name), 0o755);
    }
    mkdirSync(join(instance.root, 'mnt/jaild'), { recursive: true });
    copyFileSync(instance.bin('jailctl'), join(instance.root, 'bin/jailctl'));
    await instance.start();
    const started = instance.ctl('start', 'a');
    expect(started.stderr).to.equal('');
  });
  after(() => instance.close());

  it('is decided for every command there is', () => {
    const table = commands.map(({ name, needs, where }): [string, Needs] => [
      name,
      where === 'local' ? 'own' : needs,
    ]);
    const decided = Object.entries(TABLE).map(([name, [needs]]): [string, Needs] => [name, needs]);
    expect(Object.fromEntries(table)).to.deep.equal(Object.fromEntries(decided));
  });

  it('holds for root, operators and strangers', () => {
    const wrong = Object.entries(TABLE).flatMap(([name, [needs, ...words]]) => {
      const [root, operator, stranger] = [as.root, as.operator, as.stranger].map((who) =>
        ask(who, 'jailctl', name, ...words),
      );
      if (root === undefined || operator === undefined || stranger === undefined) return [name];
      const isRight =
        !isRefused(root) && isRefused(operator) === (needs === 'root') && UNREACHABLE.test(stranger.stderr);
      return isRight ? [] : [name, root.stderr, operator.stderr, stranger.stderr];
    });
    expect(wrong).to.deep.equal([]);
    expect(ask(as.operator, 'jls', '-N').stdout).to.include(' a ');
    const others = [
      ask(as.operator, 'jexec', 'a', 'true'),
      ask(as.operator, 'jail', '-r', 'a'),
      ask(as.operator, 'jail', '-c', 'path=/', 'command=/bin/true'),
      ask(as.operator, 'jail', '-m', 'name=a', 'pids.max=9'),
    ];
    expect(others.map(isRefused)).to.deep.equal([true, true, true, true]);
    expect(instance.status('a').state).to.equal('running');
  });

  it('is logged when it is refused: who wanted what', async () => {
    ask(as.operator, 'jailctl', 'exec', 'a', '--', 'sh');
    await instance.until('the refusal is in the log', () =>
      new RegExp(`process \\d+ of uid ${UID}: \\w+ refused: it needs root`).test(instance.log),
    );
  });

  it('gives nothing to a process in another user or PID namespace, root and group or not', () => {
    const others = [
      [...as.operator, 'unshare', '--user', '--map-current-user'],
      ['unshare', '--user', '--map-root-user'],
      ['unshare', '--pid', '--fork'],
    ];
    expect(others.map((who) => isRefused(ask(who, 'jailctl', 'list')))).to.deep.equal([true, true, true]);
    expect(isRefused(ask(['unshare', '--pid', '--fork'], 'jailctl', 'exec', 'a', '--', 'true'))).to.equal(
      true,
    );
  });

  it('gives nothing to a jail that has the socket mounted', () => {
    const inside = (...words: string[]): Answer =>
      instance.ctl(
        'exec',
        'a',
        '--',
        'sh',
        '-c',
        `mkdir -p /tmp/p/run && ln -sfn /mnt/jaild /tmp/p/run/jaild && exec /bin/jailctl --prefix /tmp/p ${words.join(' ')}`,
      );
    // Idmapped, the socket is the jail's own root's: it is let in, and known for what it is.
    for (const words of [['list'], ['status'], ['restart', 'a'], ['exec', 'a', '--', 'true'], ['shutdown']])
      expect(inside(...words).stderr, words.join(' ')).to.match(REFUSED);
  });

  it('has operators read no file with the rights of jaild', () => {
    const file = instance.write(
      'etc/secret.conf',
      'x { path = "/"; hush-hush;\n/dev/hush-hush /nowhere hush-hush\n',
    );
    chmodSync(file, 0o600);
    const attempts = [
      ['jailctl', 'plan', '-f', file, 'a'],
      ['jailctl', 'plan', 'a', `mount.fstab=${file}`],
      ['jailctl', 'plan', 'path=/', `mount.fstab=${file}`],
      ['jailctl', 'plan', `seccomp=${file}`],
      ['jailctl', 'run', '-f', file, 'a'],
      ['jail', '-f', file, '-c', 'x'],
      ['jail', '-f', file, '-e', '|'],
      ['jailctl', 'check', file],
      ['jailctl', 'config', '-f', file],
      ['jailctl', 'fmt', file],
    ] as const;
    // The same words of root's do show it, where jaild or his own process may read it.
    expect(instance.ctl('plan', '-f', file, 'x').stderr).to.include('hush-hush');
    const told = attempts.flatMap(([name, ...words]) => {
      const answers = [client(name), instance.bin(name)].map((program) =>
        instance.run([...as.operator, program, ...words]),
      );
      return answers.filter(
        ({ code, stdout, stderr }) => code === 0 || `${stdout}${stderr}`.includes('hush-hush'),
      );
    });
    expect(told).to.deep.equal([]);
  });
});
