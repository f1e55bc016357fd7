import { expect } from 'chai';
import { asksStub, jailResolver } from '../../src/plan/resolver.js';

describe('the host’s resolv.conf in a jail', () => {
  it('keeps servers that are reached through a router, search and options', () => {
    const text = [
      '# by hand',
      'search example.org',
      'nameserver 192.0.2.1',
      'nameserver\t2001:db8::53 # second',
      'nameserver 169.254.169.253',
      'options edns0 timeout:1',
      'sortlist 192.0.2.0',
      '',
    ].join('\n');
    expect(jailResolver(text)).to.deep.equal({
      text: text.replace('# by hand\n', ''),
      servers: ['192.0.2.1', '2001:db8::53', '169.254.169.253'],
      unreachable: [],
    });
  });

  it('loses servers on the host itself, on one link, and what is no address', () => {
    const left = ['127.0.0.1', '::1', '0.0.0.0', '::', 'fe80::1%eth0', 'fe80::1', '::ffff:127.0.0.2', 'dns'];
    const text = [...left, '192.0.2.1'].map((server) => `nameserver ${server}\n`).join('');
    expect(jailResolver(text)).to.deep.equal({
      text: 'nameserver 192.0.2.1\n',
      servers: ['192.0.2.1'],
      unreachable: left,
    });
  });

  it('tells when programs ask systemd-resolved', () => {
    expect(asksStub('search a\nnameserver 127.0.0.53\n')).to.equal(true);
    expect(asksStub('# nameserver 127.0.0.53\nnameserver 127.0.0.1\n')).to.equal(false);
  });
});
