import { expect } from 'chai';
import {
  NLM_F_DUMP,
  decodeAttributes,
  decodeMessages,
  decodeVerdict,
  encodeAttributes,
  encodeRequests,
} from '../../src/host/netlink-message.js';
import { decodeLink, dumpLinks, setLinkUp } from '../../src/host/netlink-link.js';
import { createVeth } from '../../src/host/netlink-new-link.js';
import { addAddress, addDefaultRoute, addProxy, decodeRoute } from '../../src/host/netlink-route.js';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

/** An NLMSG_ERROR datagram for request 7, with header `flags`. */
const verdict = (flags: string, rest: string): Buffer => {
  const body = hex(rest);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(16 + body.length);
  return Buffer.concat([length, hex(`0200 ${flags} 07000000 00000000`), body]);
};

describe('netlink-message', () => {
  it('pads attributes to four bytes without counting the padding, and marks nests', () => {
    const bytes = encodeAttributes([
      [3, 'jl0'],
      [1, hex('0200000001 02')],
      [18, [[1, 'veth']]],
      [4, 1500],
    ]);
    expect(bytes).to.deep.equal(
      hex(
        '0800 0300 6a6c3000  0a00 0100 020000000102 0000  1000 1280 0900 0100 7665746800 000000  0800 0400 dc050000',
      ),
    );
    expect([...decodeAttributes(bytes).keys()]).to.deep.equal([3, 1, 18, 4]);
    expect(decodeAttributes(bytes).get(4)).to.deep.equal(hex('dc050000'));
  });

  it('numbers requests, and has only the last acknowledged', () => {
    expect(encodeRequests([setLinkUp(1, 'lo'), setLinkUp(2, 'eth0')], 5)).to.deep.equal(
      hex(`20000000 1000 0100 05000000 00000000  00000000 01000000 01000000 01000000
           20000000 1000 0500 06000000 00000000  00000000 02000000 01000000 01000000`),
    );
  });

  it('does not ask for an acknowledgement of a dump, which ends by itself', () => {
    expect(encodeRequests([dumpLinks()], 1).readUInt16LE(6)).to.equal(NLM_F_DUMP | 1);
  });

  it('reads the errno and the kernel’s words, with and without a copy of the request', () => {
    const words = '0900 0100 4e6f706500 000000';
    const [capped] = decodeMessages(
      verdict('0003', `efffffff 10000000 1000 0500 07000000 00000000 ${words}`),
    );
    const [whole] = decodeMessages(
      verdict('0002', `efffffff 14000000 1000 0500 07000000 00000000 01020304 ${words}`),
    );
    const [plain] = decodeMessages(verdict('0001', '00000000 10000000 1000 0500 07000000 00000000'));
    expect(
      [capped, whole, plain].map((message) => [message?.sequence, decodeVerdict(message?.body ?? hex(''))]),
    ).to.deep.equal([
      [7, { errno: 17, words: 'Nope' }],
      [7, { errno: 17, words: 'Nope' }],
      [7, { errno: 0, words: null }],
    ]);
  });

  it('stops at a message that is longer than its datagram', () => {
    expect(decodeMessages(hex('ff000000 1000 0000 01000000 00000000'))).to.deep.equal([]);
  });

  it('makes a veth pair whose other end is in another network namespace at once', () => {
    const veth = {
      link: 'jl0',
      linkMac: '02:00:00:00:01:01',
      peer: 'eth0',
      peerMac: '02:00:00:00:01:02',
      mtu: 1500,
    };
    const { body, flags } = createVeth(veth, 4242);
    const info = decodeAttributes(decodeAttributes(body.subarray(16)).get(18) ?? hex(''));
    const peer = decodeAttributes(info.get(2) ?? hex('')).get(1) ?? hex('');
    expect(flags).to.equal(0x600);
    expect(info.get(1)?.toString()).to.equal('veth\0');
    expect(
      [...decodeAttributes(peer.subarray(16))].map(([type, value]) => [type, value.toString('hex')]),
    ).to.deep.equal([
      [3, '6574683000'],
      [1, '020000000102'],
      [4, 'dc050000'],
      [31, '01000000'],
      [32, '01000000'],
      [19, '92100000'],
    ]);
  });

  it('adds an address that is used at once and brings no route', () => {
    expect(addAddress(3, '192.0.2.10', 24).body).to.deep.equal(
      hex('02 18 00 00 03000000  0800 0200 c000020a  0800 0100 c000020a  0800 0800 02020000'),
    );
  });

  it('adds a default route through a gateway outside of any prefix', () => {
    expect(addDefaultRoute(3, '169.254.1.1', '192.0.2.10').body).to.deep.equal(
      hex('02 00 00 00 fe 04 00 01 04000000  0800 0400 03000000  0800 0500 a9fe0101  0800 0700 c000020a'),
    );
  });

  it('announces an IPv6 address on a link', () => {
    expect(addProxy(2, '2001:db8::10').body).to.deep.equal(
      hex('0a 00 0000 02000000 8000 08 00  1400 0100 20010db8000000000000000000000010'),
    );
  });

  it('reads links and routes', () => {
    const link = hex('00 00 0100 07000000 01000000 00000000  0800 0300 6a6c3000  0800 0500 02000000');
    const route = hex('02 20 00 00 fe 04 fd 01 00000000  0800 0400 07000000');
    expect([decodeLink(link), decodeRoute(route)]).to.deep.equal([
      { index: 7, name: 'jl0', up: true, peer: 2 },
      { type: 'unicast', prefix: 32, link: 7 },
    ]);
  });
});
