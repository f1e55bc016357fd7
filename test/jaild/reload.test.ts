import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

const jailctl = join(import.meta.dirname, '../../../bin/jailctl');

describe('jailctl reload', () => {
  const instance = new TestInstance();
  const names = Array.from({ length: 6 }, (_, n) => `j${n}`);
  const pids = () => Object.fromEntries(names.map((name) => [name, instance.status(name).pid]));
  const said = (): string => readFileSync(`${instance.prefix}/said`, 'utf8');

  /** jail.conf with an include, and a second file of jail.conf.d. */
  function write({ first = '', second = '', third = '' } = {}): void {
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1; exec.poststop = "/bin/sh -c 'echo old >> $prefix/said'"; }
      j0 { ${first} }
      j1 {}
      .include "${instance.prefix}/etc/more";`);
    instance.replace('etc/more', `j2 { ${second} }\nj3 {}\n`);
    instance.replace(
      'etc/jail.conf.d/own.conf',
      `j4 { path = ${instance.root}; command = "/bin/sleep 1000"; ${third} }\nj5 { path = ${instance.root}; command = "/bin/sleep 1000"; }\n`,
    );
  }

  before(async () => {
    write();
    await instance.start();
    const { stderr, code } = instance.ctl('start', '-a');
    expect([stderr, code]).to.deep.equal(['', 0]);
  });

  after(() => instance.close());

  it('tells with -n what the change of each file would do to its jail, with each cause and its place', () => {
    const before = pids();
    write({ first: 'pids.max = 77;', second: 'host.hostname = other;', third: 'restart = no;' });
    const { stdout, code } = instance.ctl('reload', '-n');
    expect(stdout).to.equal(`j0 would change: pids.max
  pids.max  not set -> 77  ${instance.prefix}/etc/jail.conf:5:12  live
j2 would be restarted for host.hostname
  host.hostname  not set -> other  ${instance.prefix}/etc/more:1:6  restart: the jail is built with it
j4 would change: restart
  restart  not set -> no  ${instance.prefix}/etc/jail.conf.d/own.conf:1:${stdoutColumn(stdout)}  live
`);
    expect([code, pids()]).to.deep.equal([0, before]);
  });

  const stdoutColumn = (text: string): string => /own\.conf:1:(\d+)/.exec(text)?.[1] ?? '';

  it('then does that, and leaves all others alone', () => {
    const before = pids();
    expect(instance.ctl('reload').stdout).to.equal(
      'j0 changed: pids.max\nj2 restarted for host.hostname\nj4 changed: restart\n',
    );
    const others = { ...before, j2: null };
    const after = pids();
    expect({ ...after, j2: null }).to.deep.equal(others);
    expect(after['j2']).to.be.a('number').and.not.equal(before['j2']);
    expect(instance.ctl('exec', 'j2', '--', '/bin/hostname').stdout).to.equal('other\n');
    expect(instance.ctl('reload').stdout).to.equal('nothing changed\n');
  });

  it('changes nothing when one of the files has a mistake', () => {
    const before = pids();
    write({ first: 'pids.max = 78;', second: 'pids.maxx = 1;' });
    const { stdout, stderr, code } = instance.ctl('reload');
    expect([stdout, code]).to.deep.equal(['', 2]);
    expect(stderr).to.contain(`${instance.prefix}/etc/more:1:6: error: unknown parameter "pids.maxx"`);
    expect(stderr.trimEnd().split('\n').at(-2)).to.equal('error: not reloaded: nothing has changed');
    expect(pids()).to.deep.equal(before);
  });

  it('leaves running what is gone with its directory, and what has another name, until they are stopped', async () => {
    write({ first: 'pids.max = 77;', second: 'host.hostname = other;', third: 'restart = no;' });
    const before = pids();
    rmSync(`${instance.prefix}/etc/jail.conf.d`, { recursive: true });
    const text = readFileSync(`${instance.prefix}/etc/jail.conf`, 'utf8');
    instance.write('etc/jail.conf', text.replace('j1 {}', 'front {}'));
    expect(instance.ctl('reload').stdout.split('\n')).to.deep.equal([
      'front added; it says what j1 said',
      'j1 is in no file any more; it goes on until "jailctl stop j1", then "jailctl start front"',
      'j4 is in no file any more; it goes on until "jailctl stop j4"',
      'j5 is in no file any more; it goes on until "jailctl stop j5"',
      '',
    ]);
    instance.write('etc/jail.conf', text.replace('j1 {}', 'front {}').replace('echo old', 'echo new'));
    expect(instance.ctl('reload').code).to.equal(0);
    expect(pids()).to.deep.equal(before);
    await instance.killDaemon();
    await instance.start();
    expect(pids()).to.deep.equal(before);
    // What is in no file ends by what it was started with; what a reload has changed, by that.
    instance.ctl('stop', 'j1');
    expect(said().split('\n').at(-2)).to.equal('old');
    instance.ctl('stop', 'j0');
    expect(said().split('\n').at(-2)).to.equal('new');
    expect(instance.ctl('start', 'front').code).to.equal(0);
  });

  it('takes no half of a file that somebody is writing', () => {
    write();
    instance.ctl('reload');
    const path = `${instance.prefix}/etc/more`;
    const reload = `${jailctl} --prefix ${instance.prefix} reload`;
    const script = `{ echo 'j2 {}'; ${reload} >&2 & sleep 0.4; echo 'j3 {}'; } > ${path}; wait`;
    const { stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(stderr).to.equal('nothing changed\n');
  });

  it('is answered each time, many at once, while jails crash', async () => {
    write();
    instance.ctl('reload');
    instance.ctl('start', '-a');
    const answers = Array.from({ length: 30 }, async (_, n) => {
      write({ first: `pids.max = ${100 + n};`, second: n % 5 === 0 ? 'host.hostname = h;' : '' });
      const answer = instance.ctlLater('reload');
      const { pid } = instance.status('j3');
      // No pid is no process: 0 would be this test and all around it.
      if (n % 4 === 0 && pid !== null) process.kill(pid, 'SIGKILL');
      return answer;
    });
    const codes = (await Promise.all(answers)).map(({ code, stderr }) => `${code} ${stderr}`);
    expect([...new Set(codes)]).to.deep.equal(['0 ']);
    instance.ctl('reload');
    await instance.until('all run', () => names.every((name) => instance.status(name).state === 'running'));
    expect(instance.ctl('reload').stdout).to.equal('nothing changed\n');
  });
});
