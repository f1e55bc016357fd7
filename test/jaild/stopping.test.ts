import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';
import { processExists } from '../support/processes.js';
import { millisecondsOf, soonFor } from '../support/soon.js';

const isThere = (pid: number): boolean => existsSync(`/proc/${pid}`);
const UNIFIED = existsSync('/sys/fs/cgroup/unified') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';

/** The files that freeze the cgroups of a process, of v1 and of v2, with what freezes. */
function freezers(pid: number): readonly (readonly [file: string, text: string])[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const places = lines.flatMap((line): (readonly [string, string])[] => {
    const [, controllers = '', path = ''] = line.split(':');
    if (!path.includes('jaild')) return [];
    if (controllers === '') return [[`${UNIFIED}${path}/cgroup.freeze`, '1']];
    return controllers === 'freezer' ? [[`/sys/fs/cgroup/freezer${path}/freezer.state`, 'FROZEN']] : [];
  });
  return places.filter(([file]) => existsSync(file));
}

describe('a stop', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; stop.timeout = 0.3; restart = no; }
      tree {
        command = "/bin/sh -c 'trap : TERM; setsid sleep 1001 & (sh -c \\"trap : TERM; sleep 1002; sleep 1003\\" &); sleep 1004 & kill -STOP $! ; echo up; while :; do sleep 1; done'";
      }
      forker { command = "/bin/eater processes"; pids.max = 60; }
      frozen { command = "/bin/sleep 1000"; exec.stop = "/bin/true"; exec.prestop = "/bin/true"; }
      slow { command = "/bin/sleep 1000"; exec.stop = "/bin/sleep 1000"; exec.timeout = 0.3; }
      late { command = "/bin/sleep 1000"; exec.prestart = "/bin/sh -c 'until [ -e $prefix/go ]; do sleep 0.02; done'"; }
    `);
    installProgram(instance.root, 'eater');
    await instance.start();
  });

  after(() => instance.close());

  /** Stops a jail and proves that none of its processes, which are given, and no cgroup of it is left. */
  function stopsWhole(name: string, ...options: readonly string[]): void {
    const { cgroup } = instance.status(name);
    const pids = readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').map(Number);
    expect(pids.length).to.be.greaterThan(1);
    expect(instance.ctl('stop', ...options, name)).to.include({ code: 0, stderr: '' });
    expect([pids.filter(isThere), existsSync(cgroup ?? '')]).to.deep.equal([[], false]);
  }

  /** Has a client ask for something, and ends it when that is under way. */
  async function goesAway(words: readonly string[], isUnderWay: () => boolean): Promise<void> {
    const client = spawn(instance.bin('jailctl'), ['--prefix', instance.prefix, ...words], {
      stdio: 'ignore',
    });
    await instance.until(`${words.join(' ')} is under way`, isUnderWay);
    client.kill();
  }

  it('ends a tree that does not hear SIGTERM, has left its session and stands still', async () => {
    expect(instance.ctl('start', 'tree').code).to.equal(0);
    await instance.until('the tree has grown', () => instance.logOf('tree').includes('up'));
    stopsWhole('tree');
  });

  it('ends a jail that forks as fast as it may, and others are answered', async () => {
    const soon = soonFor(() => instance.ctl('list'));
    expect(instance.ctl('start', 'forker').code).to.equal(0);
    const cgroup = instance.status('forker').cgroup ?? '';
    const size = (): number => readFileSync(`${cgroup}/cgroup.procs`, 'utf8').trim().split('\n').length;
    await instance.until('it is full', () => size() > 40);
    expect(millisecondsOf(() => expect(instance.ctl('list').code).to.equal(0))).to.be.below(3 * soon);
    stopsWhole('forker');
  });

  it('thaws what somebody has frozen behind the back of jaild, whether it runs commands of its own or is killed', () => {
    for (const options of [[], ['-f']]) {
      expect(instance.ctl('start', 'frozen').code).to.equal(0);
      const { pid } = instance.status('frozen');
      const files = freezers(pid ?? 0);
      expect(files.length).to.be.greaterThan(0);
      for (const [file, text] of files) writeFileSync(file, text);
      stopsWhole('frozen', ...options);
    }
  });

  it('whose exec.stop does not end in time goes on without it; and a client that goes away ends nothing', async () => {
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    expect(instance.ctl('stop', 'slow')).to.include({ code: 0, stderr: '' });
    expect(instance.status('slow').state).to.equal('stopped');
    await instance.until('it is told', () => /slow: exec\.stop .*timed out/.test(instance.log));
    expect(instance.ctl('start', 'slow').code).to.equal(0);
    await goesAway(['stop', 'slow'], () => instance.status('slow').state !== 'running');
    expect(instance.ctl('stop', '-f', 'slow').code).to.equal(0);
    await goesAway(['start', 'late'], () => instance.status('late').state === 'preparing');
    instance.write('go', '');
    await instance.until('it runs all the same', () => instance.status('late').state === 'running');
    expect(instance.ctl('stop', 'late').code).to.equal(0);
  });

  it('that comes at any moment of a start ends it stopped, and nothing is left', async () => {
    for (const delay of [0, 3, 10, 30]) {
      const starting = instance.ctlLater('start', 'frozen');
      await new Promise((resolve) => setTimeout(resolve, delay));
      expect(instance.ctl('stop', 'frozen').code, String(delay)).to.equal(0);
      await starting;
      // The stop may have come before the start.
      instance.ctl('stop', 'frozen');
      expect(instance.status('frozen')).to.include({ state: 'stopped', pid: null });
    }
    expect(existsSync(join(instance.prefix, 'run/jaild/frozen'))).to.equal(false);
  });
});

describe('a command on the host that jaild waits for', () => {
  const instance = new TestInstance();
  const wordsOf = (file: string): string => readFileSync(join(instance.prefix, file), 'utf8');

  before(async () => {
    const ask = `#!/bin/sh
jailctl() { ${instance.bin('jailctl')} --prefix ${instance.prefix} "$@"; }
jailctl status web --json | grep -o '"state":"[a-z]*"' >> ${instance.prefix}/answers
setsid -w ${instance.bin('jailctl')} --prefix ${instance.prefix} restart web >> ${instance.prefix}/answers 2>&1
jailctl start other >> ${instance.prefix}/answers 2>&1 && jailctl stop other >/dev/null
`;
    instance.write('ask', ask);
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; exec.timeout = 20; }
      web { ${['prestart', 'poststart', 'prestop', 'poststop'].map((phase) => `exec.${phase} = "/bin/sh $prefix/ask";`).join(' ')} }
      other { }
      killed { exec.prestart = "/bin/sh -c 'echo $$ >> $prefix/pids; test -e $prefix/second || exec sleep 1000'"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('is answered at once in each phase, refused what waits for itself, and has other jails started', () => {
    expect(instance.ctl('start', 'web')).to.include({ code: 0, stderr: '' });
    expect(instance.ctl('stop', 'web')).to.include({ code: 0, stderr: '' });
    const answer = (state: string): readonly string[] => [
      `"state":"${state}"`,
      'error: web: a command that web waits for would wait for web',
      'hint: to have it done afterwards, do not wait for it: setsid -f jailctl …',
      'other started',
    ];
    const said = wordsOf('answers')
      .trim()
      .replace(/^(other started) .*$/gm, '$1');
    expect(said.split('\n')).to.deep.equal(['preparing', 'starting', 'stopping', 'cleaning'].flatMap(answer));
  });

  it('is killed before it is run anew, when it outlived its jaild', async () => {
    void instance.ctlLater('start', 'killed');
    const pids = (): readonly number[] => wordsOf('pids').trim().split('\n').map(Number);
    await instance.until(
      'the command runs',
      () => existsSync(join(instance.prefix, 'pids')) && pids()[0] !== 0,
    );
    await instance.killDaemon();
    const [first = 0] = pids();
    expect(isThere(first)).to.equal(true);
    instance.write('second', '');
    await instance.start();
    await instance.until('it runs', () => instance.status('killed').state === 'running');
    expect(pids()).to.have.lengthOf(2);
    expect(instance.log).to.include('killed, an earlier jaild has left it: killed: ');
    expect(readFileSync(`/proc/${instance.status('killed').pid}/comm`, 'utf8')).to.not.equal('');
    expect(processExists(first)).to.equal(false);
  });
});
