import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { makeLog, type LogOptions } from '../../src/daemon/log.js';
import { SystemError } from '../../src/host/error.js';
import { makeNotifier } from '../../src/daemon/notify.js';

/** What a log writes. */
async function lines(options: Partial<LogOptions>): Promise<string[]> {
  const stream = new PassThrough();
  const log = makeLog({
    level: 'info',
    format: 'human',
    colour: false,
    timestamps: false,
    stream,
    ...options,
  });
  log.debug('steps');
  log.info('listening');
  log.child('web').warn('cannot be stopped');
  await new Promise((resolve) => setImmediate(resolve));
  return String(stream.read() ?? '')
    .split('\n')
    .filter((line) => line !== '');
}

describe("jaild's log", () => {
  it('is words for people, with the jail in front', async () => {
    expect(await lines({})).to.deep.equal(['listening', 'warn: web: cannot be stopped']);
  });

  it('tells steps at the level debug', async () => {
    expect((await lines({ level: 'debug' }))[0]).to.equal('debug: steps');
  });

  it('marks levels with colours only when asked, and times when nobody else does', async () => {
    expect((await lines({ colour: true }))[1]).to.equal('\u001b[1;33mwarn: \u001b[0mweb: cannot be stopped');
    expect((await lines({ timestamps: true }))[0]).to.match(/^\d{4}-\d\d-\d\dT[\d:.]+Z listening$/);
  });

  it('shows control characters that jails and clients put into it, and none of their lines is taken for another', async () => {
    const stream = new PassThrough();
    const log = makeLog({ level: 'info', format: 'human', colour: false, timestamps: false, stream });
    log.child('web').info('prestart: \u001b[2J\u009b\nerror: forged');
    await new Promise((resolve) => setImmediate(resolve));
    expect(String(stream.read())).to.equal('web: prestart: ^[[2J\\u009b\n    error: forged\n');
  });

  it('is one JSON object a line for machines', async () => {
    const [, second] = (await lines({ format: 'json' })).map(
      (line) => JSON.parse(line) as Record<string, unknown>,
    );
    expect({ ...second, timestamp: 'T' }).to.deep.equal({
      jail: 'web',
      level: 'warn',
      message: 'cannot be stopped',
      timestamp: 'T',
    });
  });
});

describe('the service manager', () => {
  it('is told in the words of sd_notify', () => {
    const sent: string[] = [];
    const notifier = makeNotifier(
      '/run/notify',
      (path, text) => sent.push(`${path} ${text}`),
      () => undefined,
    );
    notifier.ready();
    notifier.reloading(12.5);
    notifier.status('3 jails\nrun');
    notifier.stopping();
    expect(sent).to.deep.equal([
      '/run/notify READY=1',
      '/run/notify RELOADING=1\nMONOTONIC_USEC=12500',
      '/run/notify STATUS=3 jails run',
      '/run/notify STOPPING=1',
    ]);
  });

  it('is not waited for when it does not listen, and told later: of each kind the last', async () => {
    const sent: string[] = [];
    let isBusy = true;
    const send = (path: string, text: string): void => {
      if (isBusy) throw new SystemError('sendto', constants.errno.EAGAIN, path);
      sent.push(text);
    };
    const complain = (message: string): void => void sent.push(message);
    const notifier = makeNotifier('/run/notify', send, complain, 1);
    notifier.ready();
    for (const line of ['a', 'b']) notifier.status(line);
    notifier.beat();
    notifier.beat();
    await sleep(10);
    expect(sent).to.deep.equal([]);
    isBusy = false;
    while (sent.length < 3) await sleep(1);
    notifier.beat();
    expect(sent).to.deep.equal(['READY=1', 'STATUS=b', 'WATCHDOG=1', 'WATCHDOG=1']);
  });

  it('is not needed, and its loss is survived', () => {
    const complaints: string[] = [];
    const fail = (): void => {
      throw new Error('gone');
    };
    makeNotifier(undefined, fail, (message) => complaints.push(message)).ready();
    makeNotifier('/run/notify', fail, (message) => complaints.push(message)).ready();
    expect(complaints).to.deep.equal(['cannot tell the service manager, going on: Error: gone']);
  });
});
