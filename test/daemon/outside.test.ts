import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { encodeFrame } from '../../src/control/frames.js';
import { proveControl } from '../../src/control/proof.js';
import { makeNotifier } from '../../src/daemon/notify.js';
import { beginPulse, statusLine } from '../../src/daemon/pulse.js';
import { beginWatchdog, watchdogMs } from '../../src/daemon/watchdog.js';
import { temporaryDirectory } from '../support/temporary.js';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the watchdog', () => {
  it('is wanted by whoever names a time, and this process or none', () => {
    const wanted = (WATCHDOG_USEC?: string, WATCHDOG_PID?: string): number | null =>
      watchdogMs({ ...(WATCHDOG_USEC && { WATCHDOG_USEC }), ...(WATCHDOG_PID && { WATCHDOG_PID }) }, 42);
    expect([wanted('60000000'), wanted('60000000', '42'), wanted('500')]).to.deep.equal([
      60_000, 60_000, 0.5,
    ]);
    expect([wanted(), wanted('60000000', '43'), wanted('0'), wanted('-5'), wanted('soon')]).to.deep.equal(
      Array.from({ length: 5 }, () => null),
    );
  });

  it('is told of a life that was proved, and of none that was not', async () => {
    let [beats, proofs, isAlive] = [0, 0, true];
    const complaints: string[] = [];
    const end = beginWatchdog({
      withinMs: 20,
      prove: (timeoutMs) => {
        proofs++;
        expect(timeoutMs).to.equal(10);
        return isAlive ? Promise.resolve() : Promise.reject(new Error('no answer'));
      },
      beat: () => beats++,
      complain: (message) => complaints.push(message),
    });
    while (beats < 3) await pause(5);
    expect(complaints).to.deep.equal([]);
    isAlive = false;
    const [beaten, proved] = [beats, proofs];
    while (proofs < proved + 3) await pause(5);
    end();
    await pause(0);
    expect([beats, complaints[0]]).to.deep.equal([beaten, 'no sign of life is given: Error: no answer']);
  });

  it('asks no second time while the first is not answered', async () => {
    let proofs = 0;
    const prove = (): Promise<void> => (proofs++, new Promise(() => undefined));
    const end = beginWatchdog({ withinMs: 4, prove, beat: () => undefined, complain: () => undefined });
    await pause(30);
    end();
    expect(proofs).to.equal(1);
  });
});

describe('the proof that the control socket answers', () => {
  let server: Server | null = null;
  afterEach(() => server?.close());

  /** What comes of asking a socket that answers so. */
  const prove = async (answer: (socket: Socket) => void, withinMs = 60_000): Promise<string> => {
    const path = join(temporaryDirectory(), 'sock');
    server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    }).listen(path);
    await new Promise((resolve) => server?.once('listening', resolve));
    return proveControl(path, withinMs).then(
      () => 'alive',
      (error: Error) => error.message.replace(path, 'SOCKET'),
    );
  };
  const frame = (code: number): Buffer => encodeFrame('X', Buffer.of(code));

  it('is an answer that ends well', async () => {
    const said = encodeFrame('O', Buffer.from('jaild 1.0\n'));
    expect(await prove((socket) => socket.end(Buffer.concat([said, frame(0)])))).to.equal('alive');
    expect(await prove((socket) => socket.end(frame(0)))).to.equal('alive');
  });

  it('is not one that ends badly, is torn, or does not come', async () => {
    const failed = [
      await prove((socket) => socket.end(frame(1))),
      await prove((socket) => socket.end(frame(0).subarray(0, 4))),
      await prove((socket) => socket.end()),
      await prove((socket) => socket.destroy()),
      await prove(() => undefined, 200),
    ];
    const not = 'SOCKET: not answered';
    expect(failed).to.deep.equal([not, not, not, not, 'SOCKET: no answer in 200 ms']);
    expect(await proveControl('/nonexistent/sock', 100).catch(({ message }: Error) => message)).to.match(
      /ENOENT/,
    );
  });
});

describe('the service manager', () => {
  const texts: string[] = [];
  const notifier = makeNotifier(
    '/run/notify',
    (_, text) => texts.push(text),
    () => undefined,
  );
  beforeEach(() => (texts.length = 0));

  it('is told in the words of sd_notify(3)', () => {
    notifier.ready();
    notifier.reloading(1234.5678);
    notifier.beat();
    notifier.stopping();
    notifier.status('two\nlines');
    expect(texts).to.deep.equal([
      'READY=1',
      'RELOADING=1\nMONOTONIC_USEC=1234567',
      'WATCHDOG=1',
      'STOPPING=1',
      'STATUS=two lines',
    ]);
  });

  it('is told how jails are, when that is another than before', () => {
    expect(statusLine([])).to.equal('0 jails');
    expect(statusLine(['running'])).to.equal('1 jail: 1 running');
    expect(statusLine(['stopped', 'running', 'failed', 'running'])).to.equal(
      '4 jails: 2 running, 1 stopped, 1 failed',
    );
  });

  it('is told again only when something has happened', () => {
    const operations = new FakeOperations([stoppedJail('a'), stoppedJail('b', { state: 'running' })]);
    let looks = 0;
    beginPulse({ operations, notifier, look: () => looks++ })();
    expect([texts, looks]).to.deep.equal([['STATUS=2 jails: 1 stopped, 1 running'], 1]);
  });
});

describe('the unit for systemd', () => {
  const unit = readFileSync('etc/jaild.service', 'utf8');
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.*)$`, 'm').exec(unit)?.[1];

  it('leaves the jails alone when jaild ends, and gives it time to', () => {
    expect(value('KillMode')).to.equal('process');
    expect(value('Type')).to.equal('notify');
    expect(Number(value('TimeoutStopSec'))).to.be.at.least(120);
    // Without its subgroup, an older systemd could not start jaild beside jails that run.
    expect([value('Delegate'), value('DelegateSubgroup')]).to.deep.equal([undefined, undefined]);
  });

  it('asks for signs of life', () => {
    expect(Number(value('WatchdogSec'))).to.be.within(10, 300);
    expect(value('NotifyAccess')).to.equal('main');
  });
});
