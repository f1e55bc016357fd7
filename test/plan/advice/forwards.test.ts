import { expect } from 'chai';
import { adviceOnX } from '../../support/advice.js';
import type { Files } from '../../support/fake-host-view.js';

const NFT: Files = { '/usr/sbin/nft': 'a program' };
const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n';
const row = (local: string, state: string): string =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:0 0\n`;
const LISTENERS: Files = {
  ...NFT,
  // 127.0.0.1:8080 and 0.0.0.0:22 listen, 192.0.2.2:443 is a connection.
  '/proc/net/tcp':
    HEAD + row('0100007F:1F90', '0A') + row('00000000:0016', '0A') + row('020200C0:01BB', '01'),
  '/proc/net/tcp6': HEAD + row('00000000000000000000000000000000:1F9A', '0A'),
  '/proc/net/udp': HEAD + row('020200C0:0035', '07'),
  '/proc/net/udp6': HEAD + row('000000FD000000000000000002000000:0035', '07'),
};

/** What is said of forwards to an address of IPv4. */
const advice = (...rdr: readonly string[]) =>
  adviceOnX(
    `ip4.addr = 203.0.113.1; ip6.addr = fd00::9; rdr = ${rdr.map((one) => `"${one}"`).join(', ')};`,
    LISTENERS,
  );

describe('a port that is forwarded', () => {
  it('is none that the host itself listens on', () => {
    expect(advice('tcp 8080 80', 'tcp 20-30')).to.deep.equal([
      '2:51 warning: this host itself listens on tcp 8080 of 127.0.0.1 [address-in-use]',
      '2:66 warning: this host itself listens on tcp 22 [address-in-use]',
    ]);
    expect(advice('tcp 8090')).to.have.length(1);
  });

  it('is compared with the address and the protocol of who listens', () => {
    expect(advice('udp 192.0.2.2:53')).to.have.length(1);
    expect(advice('udp [fd00::2]:53')).to.have.length(1);
    expect(
      advice('udp 192.0.2.3:53', 'udp [fd00::3]:53', 'udp 22', 'tcp 443', 'tcp 192.0.2.2:8080'),
    ).to.deep.equal([]);
  });

  it('is free where nothing can be read', () => {
    expect(adviceOnX('ip4.addr = 203.0.113.1; rdr = "tcp 22";', NFT)).to.deep.equal([]);
  });
});

describe('the packet filter', () => {
  const missing = (column: number, parameter: string) =>
    `2:${column} error: ${parameter} needs nft, which this host does not have [no-such-program]`;

  it('is changed by nft, which the host has', () => {
    expect(adviceOnX('ip4.addr = 203.0.113.1; nat; isolate; rdr = "tcp 80";')).to.deep.equal([
      missing(25, 'nat'),
      missing(30, 'isolate'),
      missing(45, 'rdr'),
    ]);
    expect(adviceOnX('ip4.addr = 203.0.113.1; nat; isolate; rdr = "tcp 80";', NFT)).to.deep.equal([]);
  });

  it('is not needed for what is not asked, or done by a bridge', () => {
    expect(adviceOnX('ip4.addr = 203.0.113.1; nonat; noisolate; rdr = "";')).to.deep.equal([]);
    expect(adviceOnX('bridge = lan; bridge.subnet = auto; isolate;')).to.deep.equal([]);
  });
});
