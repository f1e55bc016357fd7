import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Jail } from '../../src/config/jail.js';
import { readInRoot } from '../../src/host/hosts-file.js';
import { readResolver } from '../../src/host/resolver.js';
import { temporaryDirectory } from '../support/temporary.js';

const read = (...layers: readonly string[]) => readInRoot(layers, 'etc/hosts');

describe('the hosts file of a root', () => {
  let top: string;
  const root = (name = 'root'): string => {
    mkdirSync(join(top, name, 'etc'), { recursive: true });
    return join(top, name);
  };
  /** A root with this in the place of its hosts file. */
  const laid = (program: string, ...words: readonly string[]): string => {
    const path = root();
    const { status, stderr } = spawnSync(program, [...words.slice(0, -1), join(path, words.at(-1) ?? '')]);
    if (status !== 0) throw new Error(stderr.toString());
    return path;
  };

  beforeEach(() => {
    top = temporaryDirectory();
  });

  it('is read where it is one, a character for each byte', () => {
    writeFileSync(join(root(), 'etc/hosts'), Buffer.from([0x31, 0xff, 0x0a]));
    expect(read(root())).to.equal('1\xff\n');
  });

  it('has no text in a root that is not there, or has none', () => {
    expect(read(join(top, 'nothing'))).to.equal('');
    expect(read(root())).to.equal('');
  });

  it('is that of the topmost directory that has one', () => {
    writeFileSync(join(root('below'), 'etc/hosts'), 'below');
    writeFileSync(join(root('base'), 'etc/hosts'), 'base');
    expect(read(root('upper'), join(top, 'base'), join(top, 'below'))).to.equal('base');
    // What a whiteout of an overlay hides is not there (Documentation/filesystems/overlayfs.rst).
    spawnSync('mknod', [join(root('upper'), 'etc/hosts'), 'c', '0', '0']);
    expect(read(join(top, 'upper'), join(top, 'base'))).to.equal('');
  });

  it('is found by links as the jail would find it, never outside', () => {
    writeFileSync(join(top, 'secret'), 'of the host');
    writeFileSync(join(root(), 'etc/own'), 'its own');
    const through = (target: string) => {
      spawnSync('ln', ['-sfn', target, join(root(), 'etc/hosts')]);
      return read(root());
    };
    expect(through('/etc/own')).to.equal('its own');
    expect(through('../../../../../etc/own')).to.equal('its own');
    for (const target of [
      join(top, 'secret'),
      '../../secret',
      '/etc/shadow',
      '/proc/self/root/etc/shadow',
      'hosts',
    ])
      expect(through(target), target).to.equal('');
  });

  it('is not looked for behind a link where a jail can lay one on the way to the root', () => {
    mkdirSync(join(top, 'jail'));
    writeFileSync(join(root('host'), 'etc/hosts'), 'of the host');
    symlinkSync(join(top, 'host'), join(top, 'jail/inner'));
    expect(readInRoot([join(top, 'jail/inner')], 'etc/hosts', new Set([join(top, 'jail')]))).to.deep.equal({
      reason: `openat2 ${top}/jail//inner: Too many symbolic links encountered`,
    });
  });

  it('is not opened when it is no file', () => {
    expect(read(laid('mkfifo', 'etc/hosts'))).to.equal('');
    spawnSync('rm', [join(root(), 'etc/hosts')]);
    const device = root();
    spawnSync('mknod', [join(device, 'etc/hosts'), 'c', '1', '5']);
    expect(read(device)).to.equal('');
    spawnSync('rm', [join(root(), 'etc/hosts')]);
    expect(read(laid('mkdir', 'etc/hosts'))).to.equal('');
  });

  it('is left as it is when it is larger than anybody writes', () => {
    const reason = 'it has more than 65536 bytes';
    expect(read(laid('truncate', '-s', '10G', 'etc/hosts'))).to.deep.equal({ reason });
    expect(read(laid('truncate', '-s', '65536', 'etc/hosts'))).to.have.lengthOf(65_536);
  });

  it('is not waited for when somebody has a lease on it', async () => {
    writeFileSync(join(root(), 'etc/hosts'), 'x');
    const script =
      'open F, "+<", shift; fcntl(F, 1024, 1) or die $!; $| = 1; $SIG{IO} = sub {}; print "ok"; sleep 1 while 1';
    const holder = spawn('perl', ['-e', script, join(root(), 'etc/hosts')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      const began = performance.now();
      expect(read(root()))
        .to.have.property('reason')
        .that.matches(/^open etc\/hosts: Resource temporarily/);
      expect(performance.now() - began).to.be.lessThan(20_000);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  it('is left as it is where the host has something mounted over it, which the jail may not see', () => {
    expect(readInRoot(['/'], 'proc/version')).to.deep.equal({
      reason: 'openat2 //proc/version: Cross-device link not permitted',
    });
  });

  it('leaves no descriptor open', () => {
    const before = readdirSync('/proc/self/fd').length;
    for (const layer of [laid('mkfifo', 'etc/hosts'), root('none'), join(top, 'nothing')]) read(layer);
    expect(readdirSync('/proc/self/fd').length).to.equal(before);
  });
});

describe('the host’s name servers', () => {
  const ofJail = (values: Jail['values'], used: string, behind?: string) => {
    const top = temporaryDirectory();
    const files = { used: join(top, 'used'), behindStub: join(top, 'behind') };
    writeFileSync(files.used, used);
    if (behind !== undefined) writeFileSync(files.behindStub, behind);
    const warnings: string[] = [];
    const warn = (text: string): number => warnings.push(text.replaceAll(top, ''));
    return { text: readResolver({ name: 'web', values } as Jail, warn, files), warnings };
  };

  it('are those behind systemd-resolved for a jail with a network of its own', () => {
    const stub = 'nameserver 127.0.0.53\noptions edns0\n';
    expect(ofJail({}, stub, 'nameserver 192.0.2.1\nsearch a\n')).to.deep.equal({
      text: 'nameserver 192.0.2.1\nsearch a\n',
      warnings: [],
    });
    expect(ofJail({ ip4: 'inherit' }, stub, 'nameserver 192.0.2.1\n')).to.deep.equal({
      text: stub,
      warnings: [],
    });
  });

  it('are told of when the jail does not reach them', () => {
    expect(ofJail({}, 'nameserver 127.0.0.1\nnameserver 192.0.2.1\n')).to.deep.equal({
      text: 'nameserver 192.0.2.1\n',
      warnings: ['web: name servers of /used that only the host reaches are left out: 127.0.0.1'],
    });
  });

  it('are an error when the jail reaches none', () => {
    expect(() => ofJail({}, 'nameserver 127.0.0.53\n')).to.throw(
      /^dns inherit: only the host itself reaches the servers of .*\/used: 127\.0\.0\.53$/,
    );
    expect(() => ofJail({}, 'search a\n')).to.throw(/names no server$/);
  });
});
