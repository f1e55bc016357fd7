import { expect } from 'chai';
import { logBound, logRecords } from '../../src/plan/log.js';
import { onlyJail } from '../support/compile-text.js';

const recordsOf = (body: string, path: string | null = '/var/log/jaild/web.log') =>
  logRecords(onlyJail(`web { path = /jails/web; persist; ${body} }`).values, path);

describe('the log in the launch plan', () => {
  it('is rotated by its size alone when nothing is said', () => {
    expect(recordsOf('')).to.deep.equal([['log', '/var/log/jaild/web.log', '10485760', '10', 'timestamps']]);
  });

  it('is rotated by age, in whole seconds', () => {
    expect(recordsOf('log.max_age = 1d;')[1]).to.deep.equal(['log.age', '86400']);
    expect(recordsOf('log.max_age = 100ms;')[1]).to.deep.equal(['log.age', '1']);
    expect(recordsOf('log.max_age = 0;')).to.have.length(1);
  });

  it('has any size for max and 0', () => {
    for (const size of ['max', '0']) {
      expect(recordsOf(`log.max_size = ${size};`)).to.deep.equal([
        ['log', '/var/log/jaild/web.log', '0', '10', 'timestamps'],
      ]);
      expect(logBound(onlyJail(`web { path = /p; log.max_size = ${size}; }`).values).size).to.equal(Infinity);
    }
  });

  it('has a rate in lines or bytes', () => {
    expect(recordsOf('log.rate = 1000/30s;')[1]).to.deep.equal(['log.rate', '1000', 'lines', '30']);
    expect(recordsOf('log.rate = 1M/s;')[1]).to.deep.equal(['log.rate', '1048576', 'bytes', '1']);
    expect(recordsOf('log.rate = 4096b/2m;')[1]).to.deep.equal(['log.rate', '4096', 'bytes', '120']);
    expect(recordsOf('log.rate = 0;')).to.have.length(1);
  });

  it('goes to each target once, to the file only if it is one of them', () => {
    expect(recordsOf('log.target = syslog, journald, syslog;', null)).to.deep.equal([
      ['log.to', 'syslog', '/dev/log'],
      ['log.to', 'journald', '/run/systemd/journal/socket'],
    ]);
    expect(recordsOf('log.target = file, syslog;').map(([key]) => key)).to.deep.equal(['log', 'log.to']);
  });
});
