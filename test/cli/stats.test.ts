import { expect } from 'chai';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { code, NOW, say } from '../support/command-line.js';

const accounting = {
  ...{ memory: 12 * 1024 ** 2, memoryPeak: 40 * 1024 ** 2, cpuUsec: 1_250_000, pids: 3 },
  ...{ ioRead: 1536, ioWritten: null, oomKills: 0 },
  ...{ memoryMax: 64 * 1024 ** 2, ooms: 1, ioReads: 7, ioWrites: null },
  pressure: {
    cpu: { someAvg10: 12.34, someTotalUsec: 5000, fullAvg10: 0, fullTotalUsec: 0 },
    memory: { someAvg10: 0, someTotalUsec: 0, fullAvg10: 0, fullTotalUsec: 0 },
    io: null,
  },
};
const operations = (): FakeOperations => {
  const made = new FakeOperations([
    stoppedJail('db', { state: 'running', startedAt: new Date(NOW.getTime() - 10_000), accounting }),
    stoppedJail('shared', { state: 'paused', startedAt: NOW, accounting: { ...accounting, cpuUsec: null } }),
    stoppedJail('idle'),
  ]);
  made.figures.set('db', {
    upMs: 10_000,
    traffic: { receivedBytes: 5_000_000, receivedPackets: 4000, sentBytes: 70, sentPackets: 1 },
  });
  return made;
};

describe('jailctl stats', () => {
  it('shows a line for each jail that is there, "-" for what is not counted', async () => {
    expect((await say(operations(), ['stats'])).out).to.equal(
      `NAME    CPU   CPU%  MEMORY  LIMIT  PEAK  PIDS  READ  WRITTEN  RECEIVED  PACKETS  SENT  PACKETS  WAITCPU  WAITMEM  WAITIO
db      1.3s  12.5  12M     64M    40M   3     1.5K  -        4.8M      4000     70    1        12.3     0.0      -
shared  -     -     12M     64M    40M   3     1.5K  -        -         -        -     -        12.3     0.0      -
`,
    );
  });

  it('leaves out on a narrow terminal what is asked for least', async () => {
    const shown = async (columns: number): Promise<readonly string[]> => {
      const terminal = { columns, stdin: true, stdout: true, stderr: true, colour: false, term: 'xterm' };
      return (await say(operations(), ['stats'], { terminal })).out.trimEnd().split('\n');
    };
    expect(await shown(80)).to.deep.equal([
      'NAME    CPU   CPU%  MEMORY  LIMIT  PEAK  PIDS  READ  WRITTEN  RECEIVED  SENT',
      'db      1.3s  12.5  12M     64M    40M   3     1.5K  -        4.8M      70',
      'shared  -     -     12M     64M    40M   3     1.5K  -        -         -',
    ]);
    for (let columns = 48; columns < 130; columns++)
      expect(Math.max(...(await shown(columns)).map((line) => line.length))).to.be.at.most(columns);
  });

  it('gives programs bare numbers, and null for what is not counted', async () => {
    const { out } = await say(operations(), ['stats', '--json', 'db', 'idle']);
    const figures = {
      ...{ cpu_usec: 1_250_000, cpu_percent: 12.5, memory: 12_582_912, memory_peak: 41_943_040, pids: 3 },
      ...{ memory_max: 67_108_864, ooms: 1, oom_kills: 0 },
      ...{ io_read: 1536, io_written: null, io_reads: 7, io_writes: null },
      pressure: {
        cpu: { some_avg10: 12.34, some_total_usec: 5000, full_avg10: 0, full_total_usec: 0 },
        memory: { some_avg10: 0, some_total_usec: 0, full_avg10: 0, full_total_usec: 0 },
        io: null,
      },
      ...{ received_bytes: 5_000_000, received_packets: 4000, sent_bytes: 70, sent_packets: 1 },
    };
    const always = { restarts: 0, limits: {} };
    const nothing = Object.fromEntries(Object.keys(figures).map((key) => [key, null]));
    expect(JSON.parse(out)).to.deep.equal({
      version: 1,
      jails: [
        { ...always, name: 'db', state: 'running', started_at: '2026-11-22T11:59:50.000Z', ...figures },
        { ...always, name: 'idle', state: 'stopped', started_at: null, ...nothing },
      ],
    });
  });

  it('names the nearest jail for one that there is not, and tells of the others', async () => {
    const { out, err, result } = await say(operations(), ['stats', 'dp', 'idle']);
    expect(out.split('\n')[1]).to.match(/^idle +-/);
    expect(err).to.equal('error: dp: no such jail\nhint: did you mean "db"?\n');
    expect(result).to.deep.equal({ exit: 4 });
    expect(await code(operations(), ['stats', 'nobody'])).to.equal(4);
  });
});
