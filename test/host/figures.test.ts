import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clockReader, clockShifts, readHardware } from '../../src/host/figures.js';

const module = join(import.meta.dirname, '../../src/host/figures.js');

describe('the figures of the host', () => {
  it('are the CPUs that are online', () => {
    const { cpus } = readHardware();
    const lines = readFileSync('/proc/stat', 'utf8').match(/^cpu\d+/gm) ?? [];
    expect(cpus.map((cpu) => `cpu${cpu}`)).to.deep.equal(lines);
  });

  it('are its clocks, whatever the time namespace of jaild adds to them', () => {
    const script = `import(${JSON.stringify(module)}).then((figures) => console.log(JSON.stringify(figures.clockReader()())))`;
    const shifted = ['-T', '--boottime', '1000000', '--monotonic', '2000000', '--fork'];
    const { stdout } = spawnSync('unshare', [...shifted, process.execPath, '-e', script], {
      encoding: 'utf8',
    });
    const seen = JSON.parse(stdout) as ReturnType<ReturnType<typeof clockReader>>;
    const own = clockReader()();
    expect(seen.boottime).to.be.closeTo(own.boottime, 30);
    expect(seen.monotonic).to.be.closeTo(own.monotonic, 30);
    expect(own.boottime).to.be.closeTo(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]), 1);
    expect(clockShifts('self')).to.deep.equal({ monotonic: 0, boottime: 0 });
  });
});
