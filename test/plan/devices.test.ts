import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { devicesOf, devRecords, grantedDevices } from '../../src/plan/devices.js';
import type { DeviceNumbers } from '../../src/plan/facts.js';

const facts = (devices: readonly (readonly [string, DeviceNumbers])[]) => ({ devices: new Map(devices) });
const names = (values: JailParams): readonly string[] =>
  devRecords('dev', values, null)
    .filter(([key]) => key === 'node' || key === 'symlink')
    .map(([, target]) => target?.slice('dev/'.length) ?? '');

describe('the /dev of a jail', () => {
  it('has what the ruleset of FreeBSD by that number has', () => {
    const usual = 'null zero full random urandom tty ptmx fd stdin stdout stderr';
    expect([0, 1, 2, 3, 4, 5, 6].map((devfs_ruleset) => names({ devfs_ruleset }).join(' '))).to.deep.equal([
      usual,
      '',
      'null zero full random urandom',
      'tty ptmx fd stdin stdout stderr',
      usual,
      usual,
      usual,
    ]);
  });

  it('is a file system of nodes, which is that of root in the jail', () => {
    const of = (uidBase: number | null) => devRecords('dev', { devfs_ruleset: 2 }, uidBase).slice(0, 2);
    const options = 'create,nosuid,noexec,mode=755,size=64k,nr_inodes=64';
    const node = ['node', 'dev/null', 'c', '1:3', '666'];
    expect(of(100_000)).to.deep.equal([
      ['mount', 'nodes', 'dev', 'dev', `${options},uid=100000,gid=100000`],
      node,
    ]);
    expect(of(null)).to.deep.equal([['mount', 'nodes', 'dev', 'dev', options], node]);
  });

  it('has no /dev/fd without mount.fdescfs', () => {
    expect(names({ 'mount.fdescfs': false })).to.not.include('fd');
  });

  it('gives terminals to a group only where the jail has that group', () => {
    const options = (ids: number): string | undefined =>
      devRecords('dev', { userns: { base: 100_000, count: ids } }, 100_000).find(
        ([, type]) => type === 'devpts',
      )?.[4];
    expect([options(6), options(5)]).to.deep.equal([
      'nosuid,noexec,newinstance,ptmxmode=0666,mode=620,gid=5,max=256',
      'nosuid,noexec,newinstance,ptmxmode=0666,mode=620,max=256',
    ]);
  });
});

describe('a device of the host', () => {
  const sda = ['/dev/sda', { type: 'b', numbers: '8:0' }] as const;
  const kvm = ['/dev/kvm', { type: 'c', numbers: '10:232' }] as const;
  const grant = { path: '/dev/sda', read: true, write: true };

  it('is a node with the rights that are asked for', () => {
    expect(
      grantedDevices({ devices: [grant, { path: '/dev/kvm', read: true, write: false }] }, facts([sda, kvm])),
    ).to.deep.equal([
      ['node', 'dev/sda', 'b', '8:0', '666'],
      ['node', 'dev/kvm', 'c', '10:232', '444'],
    ]);
  });

  it('that is a disk can’t be written to from securelevel 2 on', () => {
    const mode = (securelevel: number): string | undefined =>
      grantedDevices({ devices: [grant], securelevel }, facts([sda]))[0]?.[4];
    expect([mode(1), mode(2)]).to.deep.equal(['666', '444']);
  });

  it('that is missing is an error, but for that of allow.vmm', () => {
    expect(() => grantedDevices({ devices: [grant] }, facts([]))).to.throw(/no such device/);
    expect(grantedDevices({ 'allow.vmm': true }, facts([]))).to.deep.equal([]);
    expect(grantedDevices({ 'allow.vmm': true }, facts([kvm]))).to.deep.equal([
      ['node', 'dev/kvm', 'c', '10:232', '666'],
    ]);
    expect(devicesOf({ 'allow.vmm': true, devices: [grant] })).to.deep.equal([
      { path: '/dev/kvm', optional: true },
      { path: '/dev/sda', optional: false },
    ]);
  });
});
