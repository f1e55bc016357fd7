import { expect } from 'chai';
import { adviceOnX } from '../../support/advice.js';

describe('users of a jail', () => {
  it('are in the passwd that they are looked up in', () => {
    const files = { '/etc/passwd': 'root:x:0:0\ndaemon:x:1:1', '/bin/t': 't' };
    const commands = 'exec.start = /bin/sh; exec.prestart = /bin/t;';
    expect(adviceOnX(`${commands} exec.jail_user = www; exec.system_user = daemon;`, files)).to.deep.equal(
      [],
    );
    expect(adviceOnX('exec.start = /bin/sh; exec.jail_user = daemon;', files)).to.deep.equal([
      '2:40 error: jail "x" has no user "daemon" [no-such-user]',
    ]);
    expect(adviceOnX('exec.prestart = /bin/t; exec.system_user = www;', files)).to.deep.equal([
      '2:44 error: this host has no user "www" [no-such-user]',
    ]);
  });

  it('may be numbers, and matter only where something runs as them', () => {
    const files = { '/etc/passwd': 'root:x:0:0' };
    expect(adviceOnX('exec.start = /bin/sh; exec.jail_user = 80:80;', files)).to.deep.equal([]);
    expect(adviceOnX('exec.jail_user = nobody; exec.system_user = nobody;', files)).to.deep.equal([
      '2:18 warning: jail "x" has no user "nobody" [no-such-user]',
      '2:45 warning: this host has no user "nobody" [no-such-user]',
    ]);
  });
});

describe('files of a jail', () => {
  it('a log has a directory, and is a file outside of the root', () => {
    const files = { '/log/dir': 'dir', '/log/link': '-> /etc/shadow' };
    expect(adviceOnX('exec.consolelog = /log/x.log;', files)).to.deep.equal([]);
    expect(adviceOnX('exec.consolelog = /no/x.log;', files)).to.deep.equal([
      '2:19 error: there is no directory /no for the log [no-such-path]',
    ]);
    expect(adviceOnX('exec.consolelog = /log/dir;', files)).to.deep.equal([
      '2:19 error: the log /log/dir is a directory: it must be a file [own-file]',
    ]);
    expect(adviceOnX('exec.consolelog = /log/link;', files)).to.deep.equal([
      '2:19 error: the log /log/link is a symbolic link: it must be a file [own-file]',
    ]);
    expect(adviceOnX('exec.consolelog = /j/x/log;', files)).to.deep.equal([
      "2:19 error: /j/x/log: it is in the jail's root, where the jail can change what it is [own-file]",
    ]);
  });

  it('exec.workdir is a directory inside, seccomp a file of the host', () => {
    const files = { '/policy': 'allow read' };
    expect(adviceOnX('exec.workdir = /bin; seccomp = /policy;', files)).to.deep.equal([]);
    expect(adviceOnX('exec.workdir = /bin/sh; seccomp = /no;', files)).to.deep.equal([
      '2:16 error: /bin/sh of jail "x" is not a directory [no-such-path]',
      '2:35 error: there is no /no [no-such-path]',
    ]);
  });

  it('seccomp may be a profile in JSON, of which every mistake is at its own place', () => {
    const good = '{"defaultAction": "SCMP_ACT_ALLOW"}';
    const bad = '{"defaultAction": "ALLOW",\n "syscalls": [{"names": ["read"]}], "more": 1}';
    const files = { '/good': good, '/bad.json': bad, '/empty.json': '' };
    expect(adviceOnX('seccomp = /good;', files)).to.deep.equal([]);
    const words =
      'SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_THREAD, SCMP_ACT_KILL_PROCESS, SCMP_ACT_TRAP, SCMP_ACT_LOG';
    expect(adviceOnX('seccomp = /bad.json;', files)).to.deep.equal([
      `/bad.json:1:19 error: defaultAction: "ALLOW" is not one of ${words} [bad-policy]`,
      '/bad.json:2:15 error: syscalls[0]: action is missing [bad-policy]',
      '/bad.json:2:45 warning: more: not known, and ignored [bad-policy]',
    ]);
    expect(adviceOnX('seccomp = /empty.json;', files)).to.have.length(1);
  });

  it('devices are devices of the host', () => {
    const files = { '/dev/kvm': 'closed', '/dev/file': 'a file' };
    expect(adviceOnX('devices = "/dev/kvm r", /dev/no, "/dev/file rw";', files)).to.deep.equal([
      '2:25 error: there is no /dev/no [no-such-device]',
      '2:34 error: /dev/file is not a device [no-such-device]',
    ]);
  });
});
