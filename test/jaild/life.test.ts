import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('jailctl with a running jaild', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      exec.clean;
      * { path = "$root"; host.hostname = "$name.example"; stop.timeout = 3; }
      web { command = "/bin/sleep 1000"; }
      db { exec.start = "/bin/sh -c 'echo made > /tmp/db'"; command = "/bin/sleep 1000"; }
      app { depend = db; command = "/bin/sleep 1000"; }
      empty { persist; }
      once { command = "/bin/true"; restart = no; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('lists every jail of the file as stopped', () => {
    const { code, stdout } = instance.ctl('list');
    expect(code).to.equal(0);
    expect(stdout.split('\n').filter((line) => /\bstopped\b/.test(line))).to.have.lengthOf(5);
  });

  it('starts a jail and says so in one line', () => {
    const { code, stdout } = instance.ctl('start', 'web');
    expect(stdout).to.match(/^web started \(pid \d+, [\d.]+ s\)\n$/);
    expect(code).to.equal(0);
    expect(instance.status('web')).to.include({ state: 'running', restarts: 0 });
  });

  it('finds a start of a running jail already done', () => {
    const { pid } = instance.status('web');
    expect(instance.ctl('start', 'web')).to.include({ code: 0, stdout: 'web already running\n' });
    expect(instance.status('web').pid).to.equal(pid);
  });

  it('tells PID 1, hostname, path and cgroup in its JSON', () => {
    const [jail] = (
      JSON.parse(instance.ctl('status', 'web', '--json').stdout) as { jails: Record<string, unknown>[] }
    ).jails;
    expect(jail).to.include({
      name: 'web',
      state: 'running',
      path: instance.root,
      hostname: 'web.example',
      exit: null,
    });
    expect(jail?.['jid']).to.be.a('number');
    expect(jail?.['cgroup']).to.match(/\/jaild-[0-9a-f]{8}\/web$/);
  });

  it('runs a command in a jail and returns its exit code', () => {
    expect(instance.ctl('exec', 'web', '--', 'hostname')).to.deep.equal({
      code: 0,
      stdout: 'web.example\n',
      stderr: '',
    });
    expect(instance.ctl('exec', 'web', '--', '/bin/sh', '-c', 'exit 7').code).to.equal(7);
    expect(instance.ctl('exec', 'web', '--', '/bin/sh', '-c', 'kill -9 $$').code).to.equal(137);
    expect(instance.ctl('exec', 'web', '--', 'no-such-program').code).to.equal(127);
    expect(instance.ctl('exec', 'web', '--', '/etc/passwd').code).to.equal(126);
  });

  it('runs a command as another user, in a directory, with an environment', () => {
    const { stdout } = instance.ctl(
      'exec',
      '-u',
      'www',
      '-w',
      '/tmp',
      '-e',
      'COLOUR=blue',
      'web',
      '--',
      'sh',
      '-c',
      'id; pwd; echo $COLOUR',
    );
    expect(stdout).to.equal('uid=33(www) gid=33(www) groups=33(www),29(audio)\n/tmp\nblue\n');
  });

  it('starts what a jail depends on first', () => {
    const { code, stdout } = instance.ctl('start', 'app');
    expect(code).to.equal(0);
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).to.deep.equal(['db', 'app', '']);
  });

  it('refuses to stop what a running jail depends on, and names it', () => {
    const { code, stderr } = instance.ctl('stop', 'db');
    expect(code).to.equal(1);
    expect(stderr).to.match(/app/);
    expect(instance.status('db').state).to.equal('running');
  });

  it('restarts a jail under a new process', () => {
    const { pid } = instance.status('web');
    expect(instance.ctl('restart', 'web').code).to.equal(0);
    expect(instance.status('web')).to.include({ state: 'running', restarts: 0 });
    expect(instance.status('web').pid).to.not.equal(pid);
  });

  it('keeps a jail with "persist" that has no process of its own', () => {
    expect(instance.ctl('start', 'empty').code).to.equal(0);
    expect(instance.ctl('exec', 'empty', '--', 'echo', 'here').stdout).to.equal('here\n');
    expect(instance.ctl('stop', 'empty').code).to.equal(0);
  });

  it('lets a jail end whose command is done', async () => {
    instance.ctl('start', 'once');
    await instance.until('once has ended', () => instance.status('once').state === 'ended');
    expect(instance.status('once').exit).to.include({ code: 0, signal: null, oom: false });
  });

  it('stops a jail, and twice is once', () => {
    expect(instance.ctl('stop', 'web')).to.include({ code: 0 });
    expect(instance.ctl('stop', 'web')).to.include({ code: 0, stdout: 'web already stopped\n' });
    expect(instance.status('web')).to.include({ state: 'stopped', pid: null });
  });

  it('exits with 4 for a jail that the file does not have, and names the nearest', () => {
    const { code, stderr } = instance.ctl('start', 'wob');
    expect(code).to.equal(4);
    expect(stderr).to.match(/"?web"?/);
  });

  it('exits with 2 for a command that there is not', () => {
    const { code, stderr } = instance.ctl('strat', 'web');
    expect(code).to.equal(2);
    expect(stderr).to.match(/start/);
  });

  it('runs a jail in the foreground on the caller’s own input and output', () => {
    const argv = [
      instance.bin('jailctl'),
      'run',
      `path=${instance.root}`,
      '--',
      'sh',
      '-c',
      'read a; echo "got $a"; echo bad >&2; exit 5',
    ];
    expect(instance.run(argv, 'word\n')).to.deep.equal({ code: 5, stdout: 'got word\n', stderr: 'bad\n' });
    expect(instance.ctl('list').stdout).to.not.match(/run/);
  });

  it('prints the steps of a start without doing them', () => {
    const { code, stdout } = instance.ctl('plan', 'web');
    expect(code).to.equal(0);
    expect(stdout)
      .to.match(/cgroup\.create/)
      .and.to.match(/jailer\.spawn/);
    expect(instance.status('web').state).to.equal('stopped');
  });

  it('shows running jails as FreeBSD’s jls does', () => {
    instance.ctl('start', 'web');
    const { stdout, code } = instance.run([instance.bin('jls'), '-n', 'name', 'host.hostname', 'path']);
    expect(code).to.equal(0);
    expect(stdout.split('\n')).to.include(`name=web host.hostname=web.example path=${instance.root}`);
    expect(instance.run([instance.bin('jexec'), 'web', 'hostname'])).to.include({
      code: 0,
      stdout: 'web.example\n',
    });
  });
});
