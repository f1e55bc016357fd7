import { copyFileSync, mkdirSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';

const applets = (
  'sh cat echo sleep ls ps id hostname mount grep sed env kill true false touch rm mkdir ip ping nc wget httpd head tail wc ' +
  'dd seq date stat readlink test pwd tr cut sort uname df free ulimit chmod chown ln mknod mkfifo setsid timeout awk od tty stty trap printf dmesg sysctl umount unshare chroot su cp'
).split(' ');

/** A root directory made of the host's static busybox, with the applets that tests use. Returns its path. */
export function makeBusyboxRoot(root: string): string {
  for (const directory of ['bin', 'dev', 'proc', 'sys', 'etc', 'tmp', 'var', 'root', 'mnt']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync('/usr/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(root, 'bin', applet));
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33:www:/var:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nwww:x:33:\naudio:x:29:www\nnobody:x:65534:\n');
  return root;
}
