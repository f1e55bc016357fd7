import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

describe('a jail that lies links where the configuration of others points', () => {
  const instance = new TestInstance();
  let root: string;
  let secret: string;
  const mallory = (script: string): void => {
    const { code, stderr } = instance.ctl('exec', 'mallory', '--', 'sh', '-c', script);
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
  };
  const start = (jail: string) => instance.ctl('start', jail);
  const refused = (jail: string, words: RegExp): void => {
    const { code, stderr } = start(jail);
    expect(code, stderr).to.equal(1);
    expect(stderr).to.match(words);
    expect(stderr).not.to.include('hidden');
  };

  before(async () => {
    root = instance.newRoot('mallory');
    secret = join(instance.prefix, 'secret');
    for (const directory of ['share', 'log', 'etc'])
      mkdirSync(join(root, 'srv', directory), { recursive: true });
    for (const directory of ['inner', 'bin']) mkdirSync(join(root, 'srv', directory), { recursive: true });
    mkdirSync(join(instance.prefix, 'common/sub'), { recursive: true });
    mkdirSync(secret);
    for (const file of ['fstab', 'policy', 'key'])
      writeFileSync(join(secret, file), 'hidden hidden\n', { mode: 0o600 });
    writeFileSync(join(root, 'srv/etc/fstab'), '');
    writeFileSync(join(root, 'srv/etc/policy'), 'default allow\n');
    writeFileSync(join(root, 'srv/share/greeting'), 'hello\n');
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; readonly; }
      $m = "$prefix/roots/mallory/srv";
      mallory { path = "$prefix/roots/mallory"; readonly = false; mount = "$prefix/common $path/mnt nullfs rw 0 0"; }
      source { mount = "$m/share $path/mnt nullfs ro 0 0"; }
      table { mount.fstab = "$m/etc/fstab"; }
      calls { seccomp = "$m/etc/policy"; }
      talker {
        exec.consolelog = "$m/log/talker"; log.max_size = 4096;
        command = "/bin/sh -c 'while echo said by talker; do sleep 0.02; done'";
      }
      rooted { path = "$m/inner"; command = ""; persist; }
      common { mount = "$prefix/common/sub $path/mnt nullfs ro 0 0"; }
    `);
    await instance.start();
    const { code, stderr } = start('mallory');
    if (code !== 0) throw new Error(stderr);
    mallory('chown -R 0:0 /srv /mnt');
  });

  after(() => instance.close());

  it('keeps nobody from using what lies there without links', async () => {
    for (const jail of ['source', 'table', 'calls', 'talker', 'rooted', 'common']) {
      const { code, stderr } = start(jail);
      expect({ jail, code, stderr }).to.deep.equal({ jail, code: 0, stderr: '' });
    }
    expect(instance.ctl('exec', 'source', '--', 'cat', '/mnt/greeting').stdout).to.equal('hello\n');
    const log = (): string => instance.ctl('logs', 'talker').stdout;
    await instance.until('it is logged', () => log().includes('said by talker'));
    expect(instance.ctl('stop', 'source', 'table', 'calls', 'rooted', 'common').code).to.equal(0);
  });

  it('gets no log written, rotated or read where they lead while it is being written', async () => {
    mallory(`mv /srv/log /srv/old && ln -s ${secret} /srv/log`);
    const directory = join(root, 'srv/old');
    const size = (): string =>
      readdirSync(directory)
        .map((file) => readFileSync(join(directory, file), 'utf8').length)
        .join();
    await instance.until('jaild tells of it', () => /log/.test(instance.log.slice(-4000)) || size() !== '');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(readdirSync(secret).sort()).to.deep.equal(['fstab', 'key', 'policy']);
    const { code, stderr } = instance.ctl('logs', 'talker');
    expect({ code, refused: /symbolic link/.test(stderr) }).to.deep.equal({ code: 1, refused: true });
    mallory('rm /srv/log && mv /srv/old /srv/log');
    await instance.until('it goes on', () => instance.ctl('logs', '-n', '1', 'talker').code === 0);
    mallory(`rm -r /srv/log && ln -s ${secret} /srv/log`);
    expect(instance.ctl('stop', 'talker').code).to.equal(0);
    refused('talker', /log .*\/srv\/log\/talker: Too many symbolic links|log .*ELOOP|log .*symbolic/);
    expect(readdirSync(secret).sort()).to.deep.equal(['fstab', 'key', 'policy']);
  });

  it('gets nothing mounted that they lead to', () => {
    mallory(`rm -r /srv/share && ln -s ${secret} /srv/share`);
    refused('source', /mount .*\/srv\/share: .*symbolic/);
    mallory(`rm -r /mnt/sub && ln -s ${secret} /mnt/sub`);
    refused('common', /mount .*\/common\/\/sub: .*symbolic/);
  });

  it('gets no file read that they lead to, nor one that is waited for', () => {
    mallory(`rm -r /srv/etc && ln -s ${secret} /srv/etc`);
    refused('table', /\/srv\/etc.*: .*symbolic/);
    refused('calls', /\/srv\/etc.*: .*symbolic/);
    mallory('rm /srv/etc && mkdir /srv/etc && mkfifo /srv/etc/fstab /srv/etc/policy');
    refused('table', /Invalid argument/);
    refused('calls', /Invalid argument/);
  });

  it('gets no jail a root that they lead to', () => {
    mallory(`rm -r /srv/inner && ln -s ${secret} /srv/inner`);
    refused('rooted', /root .*\/srv\/inner: .*symbolic/);
  });

  it('is not forgotten when it is over, nor by the next jaild', async () => {
    await instance.killDaemon();
    await instance.start();
    refused('common', /mount .*\/common\/\/sub: .*symbolic/);
    expect(instance.ctl('stop', 'mallory').code).to.equal(0);
    refused('source', /mount .*\/srv\/share: .*symbolic/);
  });
});
