import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { parsePressure, readPressure } from '../../src/host/pressure.js';

const some = 'some avg10=12.50 avg60=3.00 avg300=0.70 total=123456789';

describe('pressure', () => {
  it('is read as the kernel writes it, for some and for all of the processes', () => {
    expect(parsePressure(`${some}\nfull avg10=0.25 avg60=0.10 avg300=0.00 total=4321\n`)).to.deep.equal({
      someAvg10: 12.5,
      someTotalUsec: 123_456_789,
      fullAvg10: 0.25,
      fullTotalUsec: 4321,
    });
  });

  it('is nothing for all of them where an older kernel tells of some alone', () => {
    expect(parsePressure(`${some}\n`)).to.deep.equal({
      someAvg10: 12.5,
      someTotalUsec: 123_456_789,
      fullAvg10: 0,
      fullTotalUsec: 0,
    });
  });

  it('is unknown where the kernel does not watch it, for one resource or for all', () => {
    const directory = mkdtempSync(join(tmpdir(), 'jaild-pressure-'));
    const read = () => readPressure((resource) => join(directory, resource));
    try {
      expect(read()).to.equal(null);
      writeFileSync(join(directory, 'memory'), `${some}\n`);
      const memory = { someAvg10: 12.5, someTotalUsec: 123_456_789, fullAvg10: 0, fullTotalUsec: 0 };
      expect(read()).to.deep.equal({ cpu: null, memory, io: null });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
