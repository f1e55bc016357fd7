import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { dispatchCommands } from '../../src/cli/dispatch.js';
import { serveControl, type ControlServer } from '../../src/control/server.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { ask } from '../support/control-client.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';

const program = new URL('../../src/jailctl.js', import.meta.url).pathname;
function jailctl(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

describe('jailctl without jaild', () => {
  it('says that jaild is not reachable, why, and how to start it', () => {
    const hint = 'hint: start it with: jaild --prefix /tmp/p\n';
    const reason = { JAILD_PREFIX: '/tmp/p', JAILD_UNREACHABLE: 'Connection refused' };
    expect(jailctl(['list'], reason)).to.deep.equal({
      status: 3,
      stdout: '',
      stderr: `error: jaild is not reachable at /tmp/p/run/jaild/jaild.sock: Connection refused\n${hint}`,
    });
    expect(jailctl([], { ...reason, JAILD_CALLED_AS: '/usr/sbin/jls' }).status).to.equal(3);
    const denied = jailctl(['--prefix', '/tmp/q', 'list'], { JAILD_UNREACHABLE: 'Permission denied' });
    expect(denied.stderr).to.equal(
      'error: jaild is not reachable at /tmp/q/run/jaild/jaild.sock: Permission denied\n' +
        'hint: be root, or a member of the group jaild\n',
    );
  });

  it('runs the commands that need none', () => {
    expect(jailctl(['version']).stdout).to.match(/^jaild \d/);
    const checked = spawnSync(process.execPath, [program, 'check', '--no-host', '-'], {
      input: 'a { path = /; persist; }',
      encoding: 'utf8',
    });
    expect([checked.status, checked.stdout]).to.deep.equal([0, '1 jail in 1 file: no mistakes\n']);
  });

  it('writes all of a long answer into a pipe, and ends quietly when nobody reads it', () => {
    const { status, stdout } = jailctl(['params', '--json']);
    expect([status, (JSON.parse(stdout) as { version: number }).version]).to.deep.equal([0, 1]);
    const cut = spawnSync(
      '/bin/sh',
      ['-c', `"$0" "$1" params --json | head -c 1`, process.execPath, program],
      { encoding: 'utf8' },
    );
    expect([cut.stdout, cut.stderr]).to.deep.equal(['{', '']);
  });
});

describe('jailctl with jaild', () => {
  let directory: string;
  let server: ControlServer;
  let operations: FakeOperations;
  let logged: string[];
  let uid: number;
  const socket = (): string => join(directory, 'jaild.sock');

  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'jaild-cli-'));
    operations = new FakeOperations([stoppedJail('web', { jid: 1, state: 'running', pid: 5 })]);
    logged = [];
    uid = 0;
    const log = (level: string, message: string): void => void logged.push(`${level} ${message}`);
    server = await serveControl({
      socket: socket(),
      group: 'root', // a group that every host has, so that the socket is shared
      credentials: () => ({ pid: 99, uid, gid: 0, groups: [], isForeign: false }),
      log,
      dispatch: dispatchCommands({ instance: instanceBelow(directory), operations }),
    });
  });
  afterEach(async () => {
    await server.close();
    rmSync(directory, { recursive: true });
  });

  it('is answered over the socket: text, exit codes, hand-overs, and commands to be run by the client', async () => {
    expect(await ask(socket(), ['start', 'web'])).to.deep.equal({
      out: 'web done\n',
      err: '',
      last: { type: 'X', bytes: Buffer.of(0) },
    });
    expect((await ask(socket(), ['status', 'wep'])).last?.bytes).to.deep.equal(Buffer.of(4));
    expect((await ask(socket(), ['check'])).last?.type).to.equal('L');
    expect((await ask(socket(), ['-N'], 'jls')).out).to.include('\n web ');
    const { last } = await ask(socket(), ['exec', 'web', 'true']);
    expect(last?.type).to.equal('H');
    expect(last?.bytes.toString()).to.match(
      /^\/run\/jaild\/web\/jailer.sock\0exec\0\0\/\0no\0yes\x001\0true\x001\0PATH=/,
    );
  });

  it('logs what it refuses', async () => {
    uid = 1000;
    expect((await ask(socket(), ['shutdown'])).err).to.match(/^error: shutdown is for root only\n/);
    expect(logged).to.deep.equal(['warn control: process 99 of uid 1000: shutdown refused: it needs root']);
    expect(operations.asked).to.deep.equal([]);
  });
});
