import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import type { JailerEvent, JailerHandle } from '../../src/host/host.js';
import { encodeMessage, splitMessages } from '../../src/host/jailer-message.js';
import { connectJailer, jailerBinary, readExitRecord, spawnJailer } from '../../src/host/jailer.js';
import { bringLoopbackUp } from '../../src/host/network.js';
import type { LaunchRecord } from '../../src/plan/step.js';
import { installProgram } from '../support/probe.js';
import { rejectionOf } from '../support/system-failure.js';

const LAUNCH = '0123456789abcdef0123456789abcdef';

/** Events until the last one, which is `exited` or `lost`. */
function eventsOf(handle: JailerHandle): Promise<readonly JailerEvent[]> {
  const events: JailerEvent[] = [];
  return new Promise((resolve) => {
    handle.listen((event) => {
      events.push(event);
      if (event.kind === 'exited' || event.kind === 'lost') resolve(events);
    });
  });
}

function until(handle: JailerHandle, kind: JailerEvent['kind']): Promise<JailerEvent> {
  return new Promise((resolve) => {
    handle.listen((event) => {
      if (event.kind === kind) resolve(event);
    });
  });
}

const children = (): string[] =>
  readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
    .split(' ')
    .filter((pid) => pid !== '');

describe('jailer', () => {
  let rundir: string;
  beforeEach(() => {
    rundir = mkdtempSync('/tmp/jailer-test-');
    chmodSync(rundir, 0o755);
  });
  afterEach(async () => {
    for (let tries = 0; children().length > 0 && tries < 6000; tries++) await wait(10);
    expect(children()).to.deep.equal([]);
    rmSync(rundir, { recursive: true });
  });

  describe('for real', () => {
    const plan = (...command: string[]): LaunchRecord[] => {
      const bin = join(rundir, 'root', 'bin');
      for (const name of ['bin', 'proc', 'dev']) mkdirSync(join(rundir, 'root', name), { recursive: true });
      copyFileSync('/usr/bin/busybox', join(bin, 'busybox'));
      for (const name of ['sh', 'sleep']) symlinkSync('busybox', join(bin, name));
      return [
        ['version', '1'],
        ['name', 'web'],
        ['launch', LAUNCH],
        ['rundir', rundir],
        ['namespaces', 'mount,uts,ipc,pid,net,cgroup'],
        ['root', join(rundir, 'root'), 'nosuid'],
        ['mount', 'proc', 'proc', 'proc', 'nosuid,nodev,noexec'],
        ['env', 'PATH=/bin'],
        ['caps', '00000000a80425fb'],
        ['run', 'command', '0', `${command.length}`, ...command],
      ];
    };

    it('starts a jail, tells its life, and leaves its record', async () => {
      const began = Date.now();
      const handle = await spawnJailer(jailerBinary(), rundir, plan('sh', '-c', 'sleep 0.1; exit 3'));
      expect([handle.launch, handle.phase, handle.initPid > 0]).to.deep.equal([LAUNCH, 'created', true]);
      expect(readFileSync(`/proc/${handle.pid}/cmdline`, 'utf8')).to.equal(`jailer\0${rundir}\0`);
      handle.go();
      const events = await eventsOf(handle);
      const ended = { how: 'exit', code: 3 };
      expect(events.map((event) => (event.kind === 'running' ? { kind: 'running' } : event))).to.deep.equal([
        { kind: 'built' },
        { kind: 'running' },
        { kind: 'main', ended },
        { kind: 'exited', ended },
      ]);
      const record = readExitRecord(rundir);
      expect({ ...record, at: 0 }).to.deep.equal({ launch: LAUNCH, ended, at: 0 });
      expect(record?.at.getTime()).to.be.within(began - 1000, Date.now() + 1000);
      expect(handle.phase).to.equal('exited');
    });

    it('runs commands inside, and signals and kills the jail', async () => {
      const handle = await spawnJailer(jailerBinary(), rundir, plan('sleep', '60'));
      handle.go();
      await until(handle, 'running');
      const run = (script: string, timeout = 0) =>
        handle.exec({
          phase: 'exec.stop',
          command: '',
          argv: ['sh', '-c', script],
          environment: { N: '5' },
          user: null,
          timeout,
        });
      expect(await Promise.all([run('exit $N'), run('kill -9 $$'), run('exit 0')])).to.deep.equal([
        { how: 'exit', code: 5 },
        { how: 'signal', code: 9 },
        { how: 'exit', code: 0 },
      ]);
      const unfinished = run(': >/begun; sleep 60');
      while (!existsSync(join(rundir, 'root', 'begun'))) await wait(5);
      handle.signal(constants.signals.SIGTERM);
      expect((await until(handle, 'exited')).kind).to.equal('exited');
      expect((await unfinished).how).to.equal('signal');
    });

    it('looks into the jail, and nothing of a look is left', async () => {
      const served = `while :; do echo "HTTP/1.1 200 Well" | busybox nc -l -p 80; done`;
      const handle = await spawnJailer(jailerBinary(), rundir, plan('sh', '-c', served));
      bringLoopbackUp(handle);
      handle.go();
      await until(handle, 'running');
      const run = (script: string, timeout: number) =>
        handle.check({
          ...{ kind: 'command', phase: 'health.command', command: '', argv: ['sh', '-c', script] },
          ...{ environment: { N: '5' }, user: null, timeout },
        });
      const http = { kind: 'http', host: '::1', port: 80, path: '/', timeout: 5 } as const;
      let answer = await handle.check(http);
      for (let tries = 0; tries < 6000 && /refused/.test(answer.output); tries++) {
        await wait(10);
        answer = await handle.check(http);
      }
      expect(answer).to.deep.include({ ended: { how: 'exit', code: 0 }, output: 'HTTP 200 Well' });
      expect(await handle.check({ kind: 'tcp', host: '127.0.0.1', port: 9, timeout: 5 })).to.deep.include({
        ended: { how: 'exit', code: 1 },
        output: 'connect 127.0.0.1:9: Connection refused',
      });
      const hanging = '(busybox setsid sleep 1000 &) ; echo $N; sleep 1000 & sleep 1000';
      writeFileSync(join(rundir, 'root/dev/null'), ''); // the shell wants one for what is in the background
      expect(await run(hanging, 1)).to.deep.include({ ended: { how: 'timeout', code: 1 }, output: '5\n' });
      const left = await run('busybox grep -l ^sleep$ /proc/[0-9]*/comm', 5);
      expect(left).to.deep.include({ ended: { how: 'exit', code: 1 }, output: '' });
      const over = eventsOf(handle);
      const last = run('sleep 1000', 0);
      handle.kill();
      await over;
      expect(await last).to.deep.include({ ended: { how: 'signal', code: 9 }, output: '' });
    });

    it('hears what the jail says of itself, and tells the next who asks', async () => {
      const records = [
        ...plan('sh', '-c', "notify \"$(echo READY=1; echo STATUS=up)\" junk; while [ ! -e /go ]; do sleep 0.02; done; notify STATUS=again; sleep 60"), // prettier-ignore
        ['notify', join(rundir, 'notify')],
        ['env', 'NOTIFY_SOCKET=/dev/notify'],
        ['mount', 'bind', join(rundir, 'notify'), 'dev/notify', 'create,ro,nosuid,nodev,noexec'],
      ] as const satisfies readonly LaunchRecord[];
      installProgram(join(rundir, 'root'), 'notify');
      const first = await spawnJailer(jailerBinary(), rundir, records);
      const heard = until(first, 'notify');
      first.go();
      expect(await heard).to.deep.equal({ kind: 'notify', fields: ['READY=1', 'STATUS=up'] });
      const second = await connectJailer(rundir);
      if (second === null) throw new Error('no jailer');
      expect(await until(second, 'notify')).to.deep.equal({
        kind: 'notify',
        fields: ['READY=1', 'STATUS=up'],
      });
      const again = until(second, 'notify');
      writeFileSync(join(rundir, 'root', 'go'), '');
      expect(await again).to.deep.equal({ kind: 'notify', fields: ['STATUS=again'] });
      const over = eventsOf(second);
      second.kill();
      await over;
    });

    it('reaches the network namespace of the jail', async () => {
      const handle = await spawnJailer(jailerBinary(), rundir, plan('sleep', '60'));
      bringLoopbackUp(handle);
      expect(readFileSync(`/proc/${handle.initPid}/net/if_inet6`, 'utf8')).to.match(
        /^0{31}1 01 80 10 80\s+lo\n$/,
      );
      const over = eventsOf(handle);
      handle.kill();
      expect((await over).at(-1)).to.deep.equal({ kind: 'exited', ended: { how: 'signal', code: 9 } });
    });

    it('names the step of the jailer that failed', async () => {
      const records = plan('sh').map((record): LaunchRecord =>
        record[0] === 'root' ? ['root', '/no/such', ''] : record,
      );
      const handle = await spawnJailer(jailerBinary(), rundir, records);
      handle.go();
      const ended = { how: 'error', code: constants.errno.ENOENT, step: 'root', subject: '/no/such' };
      expect((await eventsOf(handle)).at(-1)).to.deep.equal({ kind: 'exited', ended });
      expect(readExitRecord(rundir)?.ended).to.deep.equal(ended);
    });

    it('rejects when the plan itself is refused', async () => {
      const started = spawnJailer(jailerBinary(), rundir, [['version', '1'], ['colour', 'red']]); // prettier-ignore
      expect(await rejectionOf(started)).to.deep.equal({
        call: 'plan',
        subject: 'colour',
        errno: constants.errno.EINVAL,
        hint: undefined,
      });
    });

    it('is taken over by the next that connects; the first one loses it', async () => {
      const first = await spawnJailer(jailerBinary(), rundir, plan('sleep', '60'));
      const lost = eventsOf(first);
      const second = await connectJailer(rundir);
      expect([second?.launch, second?.initPid, second?.phase]).to.deep.equal([
        LAUNCH,
        first.initPid,
        'created',
      ]);
      expect(await lost).to.deep.equal([{ kind: 'lost' }]);
      const over = second === null ? Promise.resolve([]) : eventsOf(second);
      second?.kill();
      expect((await over).at(-1)).to.deep.equal({ kind: 'exited', ended: { how: 'signal', code: 9 } });
    });

    it('says nothing but the truth about a program that is no jailer', async () => {
      const { memfdSealed } = await import('../../src/host/libc/files.js');
      const program = memfdSealed('false', readFileSync('/bin/false'));
      const error: unknown = await spawnJailer(program, rundir, []).catch((reason: unknown) => reason);
      expect(String(error)).to.equal(`StepFailure: jailer ${rundir}: ended before it had said anything`);
    });

    it('kills one that says nothing, so that it builds no jail later on', async () => {
      const before = children();
      const program = openSync('/usr/bin/yes', 'r');
      const failed = await rejectionOf(spawnJailer(program, rundir, [], 100));
      closeSync(program);
      expect(failed).to.include({ call: 'jailer', subject: rundir, errno: constants.errno.ETIMEDOUT });
      while (children().length > before.length) await wait(5);
    });

    it('starts each jailer from the same sealed file', () => {
      expect(jailerBinary()).to.equal(jailerBinary());
      expect(readdirSync('/proc/self/fd')).to.include(`${jailerBinary()}`);
    });
  });

  it('finds no jailer where none listens, and no record where none was written', async () => {
    expect(await connectJailer(rundir)).to.equal(null);
    expect(readExitRecord(rundir)).to.equal(null);
  });

  describe('in conversation', () => {
    let server: Server;
    let peer: Socket;
    let heard: string[][];
    const say = (...fields: string[]) => peer.write(encodeMessage(...fields));

    beforeEach((done) => {
      heard = [];
      server = createServer((socket) => {
        peer = socket;
        socket.on('data', (bytes) =>
          heard.push(...splitMessages(bytes).messages.map((fields) => [...fields])),
        );
        const hello = encodeMessage('hello', LAUNCH, '10', '11', '5', 'running');
        for (const byte of hello) socket.write(Buffer.of(byte));
        say('warning', 'mask', 'proc/kcore', '2');
      }).listen(join(rundir, 'jailer.sock'), done);
    });
    afterEach((done) => {
      peer.destroy();
      server.close(done);
    });

    it('keeps what was said before anybody listened, and says when it is lost', async () => {
      const handle = await connectJailer(rundir);
      if (handle === null) throw new Error('no connection');
      say('log.dropped', '3', '512', 'file');
      await wait(20);
      const events = eventsOf(handle);
      const exec = handle.exec({
        phase: '',
        command: '',
        argv: ['true'],
        environment: {},
        user: 'www',
        timeout: 0,
      });
      await wait(20);
      peer.destroy();
      expect(await events).to.deep.equal([
        { kind: 'warning', step: 'mask', subject: 'proc/kcore', errno: 2 },
        { kind: 'log-dropped', lines: 3, bytes: 512, target: 'file' },
        { kind: 'lost' },
      ]);
      expect(await exec).to.deep.equal({ how: 'signal', code: 9 });
      expect(heard).to.deep.equal([
        ['monitor'],
        ['exec', '1', '0', 'www', '/', 'no', 'yes', '1', 'true', '0'],
      ]);
    });

    it('does not take an end for a loss', async () => {
      const handle = await connectJailer(rundir);
      if (handle === null) throw new Error('no connection');
      say('error', 'mount', 'proc', '1');
      say('exited', 'error', '1');
      await until(handle, 'exited');
      const more: JailerEvent[] = [];
      handle.listen((event) => more.push(event));
      peer.destroy();
      await wait(20);
      expect(more).to.deep.equal([]);
      expect(existsSync(join(rundir, 'jailer.sock'))).to.equal(true);
    });
  });
});
