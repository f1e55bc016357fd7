import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { subnetsInUse } from '../../src/host/subnets-in-use.js';
import { describeInNetns } from '../support/netns.js';

const ip = (...words: readonly string[]): string => execFileSync('ip', words, { encoding: 'utf8' });

describeInNetns('the subnets that a host knows', import.meta.url, () => {
  it('are those of its addresses and routes, of every table, but none that is meant for everything', () => {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'one', 'type', 'veth', 'peer', 'name', 'two');
    ip('link', 'set', 'one', 'up');
    ip('link', 'set', 'two', 'up');
    ip('address', 'add', '10.209.0.1/24', 'dev', 'one');
    ip('route', 'add', '10.210.0.0/16', 'dev', 'one', 'table', '77');
    ip('route', 'add', 'blackhole', '10.211.0.0/16');
    ip('-6', 'route', 'add', 'fd12::/48', 'dev', 'one');
    for (const half of ['0.0.0.0/1', '128.0.0.0/1', 'default']) ip('route', 'add', half, 'dev', 'one');
    const texts = new Set(subnetsInUse().map(({ address, prefix }) => `${address}/${prefix}`));
    for (const text of ['127.0.0.1/8', '10.209.0.1/24', '10.210.0.0/16', '10.211.0.0/16', 'fd12::/48'])
      expect([...texts]).to.include(text);
    expect([...texts].filter((text) => /\/[0-3]$/.test(text))).to.deep.equal([]);
  });
});
