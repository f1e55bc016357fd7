import { expect } from 'chai';
import { keepFromHost, refuseHostPart } from '../../src/plan/host-directories.js';
import { hostPart } from '../../src/plan/host-part.js';

const own = { state: ['/p/etc', '/p/var/lib/jaild'], programs: ['/usr/lib/jaild/dist'] };
const parts = (...paths: readonly string[]) => paths.map((path) => hostPart(path, own));

describe('what is the host’s own', () => {
  it('is its state, which no jail has, and its programs, which none changes', () => {
    const state = [
      '/',
      '/etc/',
      '//etc',
      '/srv/../etc',
      '/root',
      '/home',
      '/var',
      '/proc',
      '/proc/1',
      '/sys/fs',
    ];
    for (const path of [...state, '/dev', '/dev/pts', '/run', '/tmp', '/boot', '/var/lib'])
      expect(hostPart(path, own), path).to.equal('state');
    expect(parts('/usr', '/bin', '/lib64', '/opt', '/usr/lib')).to.deep.equal(Array(5).fill('programs'));
    const free = ['/jails', '/srv', '/home/alice/jails', '/var/lib/jails/web', '/usr/local/jails/web'];
    expect(parts(...free, '/tmp/first', '/dev/shm/a', '/opt/a')).to.deep.equal(Array(8).fill(null));
  });

  it('is what jaild has, what lies in that and what that lies in', () => {
    expect(parts('/p/etc', '/p', '/p/etc/x', '/p/var', '/p/var/lib/jaild/uids')).to.deep.equal(
      Array(5).fill('state'),
    );
    expect(parts('/usr/lib/jaild', '/usr/lib/jaild/dist/src')).to.deep.equal(['programs', 'programs']);
    expect(parts('/p/roots/a', '/p/var/lib/jail', '/usr/lib/jails')).to.deep.equal([null, null, null]);
  });

  it('is refused as a root or a layer of it, links or not', () => {
    const refused = (values: Parameters<typeof refuseHostPart>[0]) =>
      refuseHostPart(values, own, (path) => (path === '/jails/lnk' ? '/etc' : path))?.reason.slice(0, 23) ??
      null;
    expect(refused({ path: '/etc' })).to.equal("it is the host's own, a");
    expect(refused({ path: '/', readonly: true })).to.equal("it is the host's own, a");
    expect(refused({ path: '/jails/lnk', ephemeral: true })).to.equal("it is the host's own, a");
    expect(refused({ path: '/jails/a', base: ['/usr', '/'] })).to.equal("it is the host's own, a");
    expect(refused({ path: '/usr' })).to.equal('it has programs of the ');
    expect(refused({ path: '/usr', base: ['/b'], readonly: true })).to.equal('it has programs of the ');
    expect(refused({ path: '/usr', readonly: true })).to.equal(null);
    expect(refused({ path: '/usr', ephemeral: true })).to.equal(null);
    expect(refused({ path: '/jails/a', base: ['/usr'] })).to.equal(null);
    expect(() => keepFromHost({ path: '/etc' }, own, (path) => path)).to.throw(
      "path /etc: it is the host's own, all of which root in the jail could read",
    );
  });
});
