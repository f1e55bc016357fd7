import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

const STRANGER = 65_534;

describe('directories of the host', () => {
  const instance = new TestInstance();
  const below = (...parts: readonly string[]): string => join(instance.prefix, ...parts);
  const run = (path: string, ...words: readonly string[]) =>
    instance.ctl('run', `path=${path}`, ...words, '--', '/bin/cat', '/secret');

  before(async () => {
    mkdirSync(below('strange/jails'), { recursive: true });
    chownSync(below('strange'), STRANGER, STRANGER);
    symlinkSync(below('roots/busybox'), below('strange/link'));
    symlinkSync('strange', below('led'));
    symlinkSync('/etc', below('to-etc'));
    symlinkSync('roots/busybox', below('mine'));
    mkdirSync(below('share'));
    writeFileSync(below('roots/busybox/secret'), 'inside\n');
    instance.newRoot('web');
    mkdirSync(below('roots/web/mnt'), { recursive: true });
    renameSync(below('roots/web'), below('strange/jails/web'));
    writeFileSync(below('strange/jails/web/secret'), 'inside\n');
    instance.configure(`
      strange { path = "$prefix/strange/jails/web"; command = "/bin/sleep 1000"; restart = no; }
      link { path = "$prefix/strange/link"; command = "/bin/sleep 1000"; restart = no; }
      shown { path = "$prefix/mine"; command = "/bin/true"; mount = "$prefix/led/link $path/mnt nullfs ro 0 0"; restart = no; }
    `);
    await instance.start();
  });
  after(() => instance.close());

  it('that are its own become no root of a jail', () => {
    const own = [below('to-etc'), instance.prefix, below('etc'), below('var/lib/jaild'), below('run')];
    for (const path of ['/', '/etc', '/proc/1', '/home', '/tmp', ...own]) {
      const { code, stdout, stderr } = run(path, 'readonly=true');
      expect({ code, stdout }, path).to.deep.equal({ code: 1, stdout: '' });
      expect(stderr).to.match(/path .*: it is the host's own.*\nhint: give the jail a directory of its own/s);
    }
    const { stderr } = run('/usr');
    expect(stderr).to.match(/path \/usr: it has programs of the host.*\nhint: .* or set readonly/s);
    expect(instance.ctl('run', 'path=/usr', 'readonly=true', '--', '/bin/busybox', 'true').code).to.equal(0);
  });

  it('are found through links of root', () => {
    const { code, stdout, stderr } = run(below('mine'));
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: 'inside\n', stderr: '' });
  });

  it('may be in those of others, as long as there is no link', () => {
    expect(run(below('strange/jails/web')).stdout).to.equal('inside\n');
    const { stderr } = instance.ctl('check');
    expect(stderr).to.match(/link .*strange\/link is not followed.* \[untrusted-link\]/);
    for (const jail of ['link', 'shown'])
      expect(instance.ctl('start', jail).stderr).to.match(
        /the symbolic link .*strange\/link is not followed: others than root can put one in .*\/strange\nhint: /,
      );
  });

  it('that are swapped for links while jails start lead nowhere else', async () => {
    const [jails, kept] = [below('strange/jails'), below('strange/kept')];
    mkdirSync(below('trap'));
    renameSync(instance.newRoot('trap'), below('trap/web'));
    writeFileSync(below('trap/web/secret'), 'outside\n');
    const swap = `while :; do mv ${jails} ${kept}; ln -s ${below('trap')} ${jails}; rm ${jails}; mv ${kept} ${jails}; done`;
    const racer = spawn('setpriv', [`--reuid=${STRANGER}`, '--clear-groups', 'sh', '-c', swap], {
      stdio: 'ignore',
    });
    const said: string[] = [];
    // As often as it takes for one to find the directory in its place.
    for (let n = 0; n < 40 || (n < 400 && !said.includes('inside\n')); n++)
      said.push(
        (await instance.ctlLater('run', `path=${jails}/web`, '--', '/bin/busybox', 'cat', '/secret')).stdout,
      );
    racer.kill('SIGKILL');
    await new Promise((resolve) => racer.once('close', resolve));
    for (const one of said) expect(['', 'inside\n']).to.include(one);
    expect(said).to.include('inside\n');
  });
});
