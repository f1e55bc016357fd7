import { expect } from 'chai';
import type { Jail } from '../../src/config/jail.js';
import type { JailParams } from '../../src/config/params.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { nameFiles, namesToRead } from '../../src/plan/names.js';

const bare = { instance: instanceBelow('/p'), hostnameAddresses: [] } as unknown as HostFacts;
const v4 = { address: '10.0.0.2', prefix: 32, words: [] };
const v6 = { address: 'fd00::2', prefix: 128, words: [] };
const ownLoopback = '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n';

/** The files that are laid over the root's: path → options and text. */
function files(
  values: JailParams,
  hosts: string | null = '',
  more: Partial<HostFacts> = {},
): Readonly<Record<string, readonly [string, string]>> {
  const facts = { ...bare, names: { resolver: 'nameserver 192.0.2.53\n', hosts }, ...more };
  const jail = { name: 'web', values: { path: '/j/web', ...values } } as Jail;
  return Object.fromEntries(
    nameFiles(jail, values.mount ?? [], facts).map(([, target = '', , options = '', hex = '']) => [
      target,
      [options, Buffer.from(hex, 'hex').toString('latin1')] as const,
    ]),
  );
}

const hostsOf = (values: JailParams, hosts = '', more: Partial<HostFacts> = {}): string | undefined =>
  files(values, hosts, more)['etc/hosts']?.[1];

describe('the hosts file of a jail', () => {
  it('has the addresses of a jail under its host name, the first part of that, and its own name', () => {
    expect(files({ 'ip4.addr': [v4], 'ip6.addr': [v6], 'host.hostname': 'www.example.org' })).to.deep.equal({
      'etc/hosts': [
        'create,optional',
        `${ownLoopback}10.0.0.2\twww.example.org www web\nfd00::2\twww.example.org www web\n`,
      ],
    });
  });

  it('has no host name that is not the jail’s, and none that would be something else in the file', () => {
    expect(hostsOf({ 'ip4.addr': [v4], host: 'inherit' })).to.equal(`${ownLoopback}10.0.0.2\tweb\n`);
    expect(hostsOf({ 'ip4.addr': [v4], 'host.hostname': 'a #\n6.6.6.6 b' })).to.equal(
      `${ownLoopback}10.0.0.2\tweb\n`,
    );
  });

  it('begins with what the root has, each line once', () => {
    const root =
      '# mine\n127.0.0.1 localhost\n\n10.0.0.2   web # it\n10.9.9.9 old\n10.9.9.9\told\n::1 localhost';
    expect(hostsOf({ 'ip4.addr': [v4] }, root)).to.equal(
      '# mine\n127.0.0.1 localhost\n\n10.0.0.2   web # it\n10.9.9.9 old\n::1 localhost\n',
    );
    expect(hostsOf({ 'ip4.addr': [v4] }, '1.2.3.4 \xe9t\xe9\n')).to.match(/^1\.2\.3\.4 \xe9t\xe9\n/);
  });

  it('has no loopback of a family that is taken away', () => {
    expect(hostsOf({ 'ip4.addr': [v4], ip6: 'disable' })).to.equal('127.0.0.1\tlocalhost\n10.0.0.2\tweb\n');
    expect(hostsOf({ 'ip6.addr': [v6], ip4: 'disable' })).to.equal(
      '::1\tlocalhost ip6-localhost ip6-loopback\nfd00::2\tweb\n',
    );
  });

  it('is left alone for jails without addresses, unless it is asked for', () => {
    expect(files({})).to.deep.equal({});
    expect(files({ ip4: 'inherit' })).to.deep.equal({});
    expect(files({ 'ip4.addr': [v4], ip4: 'disable' })).to.deep.equal({});
    expect(files({ 'ip4.addr': [v4], hosts: 'none' })).to.deep.equal({});
    expect(files({ hosts: 'own' })['etc/hosts']).to.deep.equal(['create', `${ownLoopback}127.0.1.1\tweb\n`]);
    expect(hostsOf({ hosts: 'own', ip4: 'disable' })).to.match(/\n::1\tweb\n$/);
    expect(hostsOf({ hosts: 'own', ip4: 'disable', ip6: 'disable' })).to.equal('');
  });

  it('is left alone where the root’s cannot be read, or the jail’s own mounts bring one', () => {
    const mounted = (target: string) => ({
      'ip4.addr': [v4],
      mount: [{ source: '/srv', target, type: 'nullfs', options: ['ro'] }],
    });
    expect(files({ 'ip4.addr': [v4], hosts: 'own' }, null)).to.deep.equal({});
    for (const target of ['/j/web/etc', '/j/web//etc/hosts', '/j/web/etc/'])
      expect(files(mounted(target)), target).to.deep.equal({});
    expect(files(mounted('/j/web/etc/hosts.d'))).to.have.all.keys('etc/hosts');
    expect(files({ ...mounted('/j/web/etc'), hosts: 'own' })).to.have.all.keys('etc/hosts');
  });

  it('has the names of the jails that it depends on where these are asked for', () => {
    const neighbours = [
      { name: 'db', hostname: 'db.example.org', addresses: ['10.0.0.3', 'fd00::3'] },
      { name: 'dark', hostname: 'dark', addresses: [] },
    ];
    const own = `${ownLoopback}10.0.0.2\tweb\n`;
    expect(hostsOf({ 'ip4.addr': [v4], hosts: 'depend' }, '', { neighbours })).to.equal(
      `${own}10.0.0.3\tdb.example.org db\nfd00::3\tdb.example.org db\n`,
    );
    expect(hostsOf({ 'ip4.addr': [v4], hosts: 'own' }, '', { neighbours })).to.equal(own);
  });

  it('is read from the root only for a jail that may have an address, or asks', () => {
    expect(namesToRead({})).to.deep.equal({ resolver: false, hosts: false });
    expect(namesToRead({ ip4: 'inherit', dns: 'inherit' })).to.deep.equal({ resolver: true, hosts: false });
    expect(namesToRead({ ip_hostname: true })).to.deep.equal({ resolver: false, hosts: true });
    expect(namesToRead({ 'bridge.subnet': ['auto'] })).to.deep.equal({ resolver: false, hosts: true });
    expect(namesToRead({ 'ip6.addr': [v6], hosts: 'none' }).hosts).to.equal(false);
  });
});

describe('the resolv.conf of a jail', () => {
  it('is that of the root, that of the host, or a list', () => {
    expect(files({ dns: 'none' })).to.deep.equal({});
    expect(files({ dns: 'inherit' })).to.deep.equal({
      'etc/resolv.conf': ['create', 'nameserver 192.0.2.53\n'],
    });
    expect(files({ dns: ['192.0.2.1', '2001:db8::1'] })).to.deep.equal({
      'etc/resolv.conf': ['create', 'nameserver 192.0.2.1\nnameserver 2001:db8::1\n'],
    });
  });
});
