import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProbe, readProbe } from '../support/probe.js';

/** Puts programs of the host, with the libraries they need, into a root directory below /host. */
function installFromHost(root: string, ...programs: readonly string[]): void {
  const { stdout } = spawnSync('ldd', programs, { encoding: 'utf8' });
  const libraries = stdout.match(/\/\S+(?=\s+\(0x)/g) ?? [];
  for (const file of new Set(libraries)) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    copyFileSync(file, join(root, file));
  }
  mkdirSync(join(root, 'host'), { recursive: true });
  for (const program of programs) copyFileSync(program, join(root, 'host', program.split('/').pop() ?? ''));
}

describe('a call that the jailer answers', () => {
  const instance = new TestInstance();
  const inside = (jail: string, script: string, ...options: readonly string[]): string => {
    const { stdout, stderr } = instance.ctl(
      'exec',
      ...options,
      jail,
      '--',
      'sh',
      '-c',
      `exec 2>&1; ${script}`,
    );
    return `${stdout}${stderr}`.trim();
  };
  /** Whether the jail's root could: the error's last words, or "done". */
  const attempt = (jail: string, command: string): string =>
    inside(jail, `${command} && echo done`).replace(/^.*: /, '');

  before(async () => {
    installFromHost(instance.root, '/usr/bin/mount', '/usr/bin/umount', '/usr/bin/uname');
    installProbe(instance.root);
    const all = ['nullfs', 'tmpfs', 'procfs', 'linsysfs', 'devfs'].map((type) => `allow.mount.${type};`);
    instance.configure(`
      path = "$root"; command = "/bin/sleep 1000";
      plain { }
      named { allow.set_hostname; osrelease = "14.2-RELEASE"; }
      open { allow.mount; ${all.join(' ')} mount = "$root/var $root/root nullfs ro 0 0"; }
      unfiltered { seccomp = off; allow.mount; allow.mount.tmpfs; osrelease = "7.0"; no_new_privs = false; }
      host { userns = off; allow.mount; ${all.join(' ')} allow.set_hostname; }
      closed { allow.mount; ${all.join(' ')} enforce_statfs = 2; }
      powerless { allow.suser = false; allow.mount; ${all.join(' ')} allow.set_hostname; }
      born { osrelease = "1.2.3"; command = "/bin/sh -c 'uname -r; /host/uname -r; mount -t tmpfs none /mnt && umount /mnt && echo unmounted; exec sleep 1000'"; allow.mount; allow.mount.tmpfs; }
    `);
    await instance.start();
    for (const jail of ['plain', 'named', 'open', 'unfiltered', 'host', 'closed', 'powerless', 'born']) {
      const answer = instance.ctl('start', jail);
      if (answer.code !== 0) throw new Error(answer.stderr);
    }
  });

  after(() => instance.close());

  it('sets the host name of the jail, for its root alone', () => {
    expect(attempt('plain', 'hostname other')).to.equal('Operation not permitted');
    expect(attempt('powerless', 'hostname other')).to.equal('Operation not permitted');
    expect(inside('named', 'hostname other.example; hostname')).to.equal('other.example');
    expect(inside('named', 'hostname third; hostname', '-u', 'www')).to.equal(
      'hostname: sethostname: Operation not permitted\nother.example',
    );
    expect(inside('host', 'hostname fourth; hostname')).to.equal('fourth');
  });

  it('shows another release to everyone, by any C library, also to commands of the start', () => {
    expect(inside('named', 'uname -r; /host/uname -srn', '-u', 'www')).to.equal(
      '14.2-RELEASE\nLinux other.example 14.2-RELEASE',
    );
    expect(inside('named', 'cat /proc/version /proc/sys/kernel/osrelease')).to.equal(
      'Linux version 14.2-RELEASE\n14.2-RELEASE',
    );
    expect(inside('named', '(echo x >/proc/version) 2>&1')).to.match(/Read-only file system$/);
    expect(inside('unfiltered', 'uname -r')).to.equal('7.0');
    expect(inside('plain', 'uname -r; uname -m')).to.equal(
      instance.run(['uname', '-rm']).stdout.trim().replace(' ', '\n'),
    );
    expect(instance.logOf('born').replace(/^\S+ \S+ /gm, '')).to.equal('1.2.3\n1.2.3\nunmounted\n');
  });

  for (const [program, mount, umount] of [
    ['busybox', 'mount', 'umount'],
    ['util-linux', '/host/mount', '/host/umount'],
  ] as const) {
    it(`mounts and unmounts a tmpfs of bounded size, as ${program} asks for it`, () => {
      const script = [
        `${mount} -t tmpfs -o size=64k,mode=700 mine /mnt && touch /mnt/file && stat -c '%a %u %s' /mnt/.`,
        `grep -o ' /mnt tmpfs [^ ]*' /proc/mounts | sed 's/,uid=.*//'`,
        `${mount} -o remount,ro /mnt; touch /mnt/file; ${mount} -o remount,rw,size=4g /mnt; touch /mnt/file`,
        `df -k /mnt | awk 'NR==2 { print $2 }'`,
        `${umount} /mnt; ls /mnt; ${umount} /mnt 2>/dev/null || echo none`,
      ];
      expect(inside('open', script.join('\n'))).to.equal(
        [
          '700 0 60',
          ' /mnt tmpfs rw,nosuid,nodev,relatime,size=64k,nr_inodes=65536,mode=700',
          'touch: /mnt/file: Read-only file system',
          '262144',
          'none',
        ].join('\n'),
      );
    });

    it(`binds directories and files, as ${program} asks for it`, () => {
      const script = [
        `mkdir -p /tmp/from /tmp/to; echo text > /tmp/from/file; touch /tmp/other`,
        `${mount} --bind /tmp/from /tmp/to; cat /tmp/to/file`,
        `${mount} -o remount,bind,ro /tmp/to; touch /tmp/to/file`,
        `cd /tmp; ${mount} --bind from/file other; cat other; ${umount} other; ${umount} /tmp/to; ls /tmp/to`,
        `${mount} -o bind,ro /tmp/from /tmp/to; touch /tmp/to/file; ${umount} /tmp/to`,
      ];
      expect(inside('open', script.join('\n'))).to.equal(
        [
          'text',
          'touch: /tmp/to/file: Read-only file system',
          'text',
          'touch: /tmp/to/file: Read-only file system',
        ].join('\n'),
      );
    });

    it(`copies /proc, /sys and /dev with what hides parts of them, as ${program} asks for it`, () => {
      const script = [
        `mkdir -p /tmp/p /tmp/s /tmp/d`,
        `${mount} -t proc proc /tmp/p; ${mount} -t sysfs sys /tmp/s; ${mount} -t devtmpfs dev /tmp/d`,
        `cat /tmp/p/interrupts /tmp/p/kallsyms /tmp/p/loadavg; ls /tmp/s/firmware; cat /tmp/p/1/comm`,
        `echo 1 > /tmp/p/sys/kernel/panic; touch /tmp/s/x; echo > /tmp/d/null; ls /tmp/d/pts`,
        `${umount} /tmp/p/interrupts 2>/dev/null || ${umount} -l /tmp/p/sys 2>/dev/null || echo locked`,
        `cd /tmp/p; ${umount} /tmp/p; cat interrupts 2>/dev/null; echo 1 > sys/kernel/panic; cd /; ls /tmp/p`,
        `${umount} /tmp/s; ${umount} /tmp/d; ls /tmp/s /tmp/d`,
      ];
      expect(inside('open', script.join('\n'))).to.equal(
        [
          '0.00 0.00 0.00 1/1 1',
          'init',
          "sh: can't create /tmp/p/sys/kernel/panic: Read-only file system",
          'touch: /tmp/s/x: Read-only file system',
          'ptmx',
          'locked',
          "sh: can't create sys/kernel/panic: Read-only file system",
          '/tmp/d:',
          '',
          '/tmp/s:',
        ].join('\n'),
      );
    });
  }

  it('does not take off, change or cover what the jail was made with', () => {
    for (const jail of ['open', 'host']) {
      const refused = [
        ...['umount /proc/interrupts', 'umount -l /proc/sys', 'umount /proc', 'umount -l /dev', 'umount /'],
        ...[
          'mount -o remount,rw /proc/sys',
          'mount -o remount,bind,rw /sys',
          'mount -o remount,size=1g /dev/shm',
        ],
        ...['mount -t tmpfs none /proc', 'mount -t tmpfs none /proc/sys', 'mount --bind /tmp /sys/kernel'],
        ...['mount --move /dev/shm /mnt', 'mount --make-shared /', 'mount -t tmpfs none /'],
        ...['mount -t ext4 /dev/null /mnt', 'mount -t cgroup2 none /mnt', 'mount -t overlay none /mnt'],
      ];
      const done = refused.filter((command) => attempt(jail, command) === 'done');
      expect(done).to.deep.equal([]);
      expect(attempt(jail, 'mount -t proc proc /mnt && umount /mnt')).to.equal('done');
    }
    expect(inside('open', 'umount -l /proc/interrupts; cat /proc/interrupts; umount /mnt')).to.match(
      /^umount: [^\n]*\numount: [^\n]*$/,
    );
  });

  it('does not make writable what was mounted read-only', () => {
    const script = 'mount --bind /root /mnt; mount -o remount,bind,rw /mnt; touch /mnt/x; umount /mnt';
    expect(inside('open', script)).to.equal(
      'mount: permission denied (are you root?)\ntouch: /mnt/x: Read-only file system',
    );
  });

  it('mounts below the root and in the directory of who asks', () => {
    const script = [
      'mkdir -p /tmp/c/bin /tmp/c/m /tmp/c/proc; cp /bin/busybox /tmp/c/bin/; mkdir -p /m',
      'chroot /tmp/c /bin/busybox sh -c "cd /m; busybox mount -t tmpfs x /../m; busybox touch /m/here; busybox mount -t proc x /proc"',
      'ls /m /tmp/c/m; cat /tmp/c/proc/interrupts; umount /tmp/c/m; umount /tmp/c/proc; mount -t tmpfs x /m; cd /m; umount ../m',
    ];
    expect(inside('open', script.join('\n'))).to.equal(
      "/m:\n\n/tmp/c/m:\nhere\numount: can't unmount /m: Device or resource busy",
    );
    expect(attempt('open', 'umount /m')).to.equal('done');
  });

  it('mounts nothing that is not allowed, for nobody but root', () => {
    const command = 'mount -t tmpfs none /mnt';
    const refused = {
      plain: command,
      closed: command,
      powerless: command,
      unfiltered: 'mount --bind /tmp /mnt',
    };
    for (const [jail, words] of Object.entries(refused))
      expect([jail, attempt(jail, words)]).to.deep.equal([jail, 'permission denied (are you root?)']);
    expect(inside('open', 'busybox mount -t tmpfs none /mnt', '-u', 'www')).to.match(/permission denied/);
    expect(attempt('unfiltered', `${command} && umount /mnt`)).to.equal('done');
  });

  it('leaves the other calls as they are', () => {
    const before = readProbe(inside('plain', 'probe'));
    const after = readProbe(inside('open', 'probe; umount /mnt'));
    const absent = 'fsopen fspick open_tree move_mount mount_setattr';
    expect(after).to.deep.equal({
      ...before,
      ENOSYS: before['ENOSYS']?.replace('clone3', `clone3 ${absent}`),
      EPERM: before['EPERM']?.replace(' mount ', ' ').replace(` ${absent}`, ''),
      OPEN: 'mount',
    });
  });
});
