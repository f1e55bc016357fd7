import { expect } from 'chai';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { copiesOf } from '../support/copies.js';
import { TestInstance } from '../support/instance.js';
import { patience } from '../support/patience.js';

const SERVICE = '/bin/sleep 7575';

/** A PID namespace with a /proc of its own, whose first process reaps, and where it can be said which number the next gets. */
class Numbers {
  readonly #first: ChildProcess;
  #pid = 0;

  constructor() {
    this.#first = spawn(
      'unshare',
      ['-pf', '--kill-child', '--mount-proc', 'sh', '-c', 'echo; sleep 100000 & wait'],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  }

  /** Resolves when it is there. */
  async begin(): Promise<void> {
    await new Promise((resolve) => this.#first.stdout?.once('data', resolve));
    const { pid } = this.#first;
    this.#pid = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'));
  }

  end(): void {
    this.#first.kill('SIGKILL');
  }

  /** The words that a command is run by in it; it ends with whoever waits for it. */
  get words(): readonly string[] {
    return ['nsenter', '-t', `${this.#pid}`, '-p', '-m', '--', 'setpriv', '--pdeathsig', 'KILL', '--'];
  }
}

describe('a process that has the number of one that jaild knew', () => {
  const numbers = new Numbers();
  let instance: TestInstance;
  const inside = (script: string, ...words: readonly (string | number)[]): string =>
    instance.run([...numbers.words, 'sh', '-c', script, 'sh', ...words.map(String)]).stdout.trim();
  const isBystander = (pid: number): boolean => inside('cat /proc/$1/cmdline', pid) === 'sleep\x007474\0';
  /** Ends processes, and gives their numbers to bystanders. */
  const replace = (pids: readonly number[]): void => {
    for (const pid of pids) inside('kill -9 $1; while kill -0 $1; do sleep 0.01; done', pid);
    // A number is free as soon as nobody is in its session any more.
    const bystanders = `for pid; do
      until echo $((pid - 1)) > /proc/sys/kernel/ns_last_pid
        setsid sleep 7474 > /dev/null 2>&1 & [ $! = $pid ]; do kill -9 $!; wait $!; done
      done`;
    inside(bystanders, ...pids);
    expect(pids.filter((pid) => !isBystander(pid))).to.deep.equal([]);
  };
  const jailerOf = (pid: number): number => Number(inside('sed -n "s/^PPid:.//p" /proc/$1/status', pid));
  /** The number of the command on the host that is under way; 0 before it has begun. */
  const hook = (): number => {
    const notes = join(instance.prefix, 'run/jaild/.hooks');
    const [name] = existsSync(notes) ? readdirSync(notes).filter((file) => !file.endsWith('.new')) : [];
    if (name === undefined) return 0;
    return (JSON.parse(readFileSync(join(notes, name), 'utf8')) as { readonly pid?: number }).pid ?? 0;
  };

  before(async () => {
    await numbers.begin();
    // It is put before jaild's words twice. What waits for jaild is not to end before it.
    const once = `[ -z "$NUMBERED" ] || exec "$@"; trap '' TERM; NUMBERED=1 exec ${numbers.words.join(' ')} "$@"`;
    instance = new TestInstance(['sh', '-c', once, 'sh']);
    instance.beside = numbers.words;
    instance.configure(`
      * { path = "$root"; command = "${SERVICE}"; stop.timeout = 1; restart.delay = "50ms"; }
      web { } given { restart = no; } other { }
      hooked { exec.prestart = "/bin/sleep 999"; }
    `);
    await instance.start();
    expect(instance.ctl('start', 'web', 'given', 'other')).to.include({ code: 0, stderr: '' });
  });

  after(async () => {
    await instance.close().finally(() => numbers.end());
  });

  it('is not taken for the jail, nor harmed, and the end of the jail is acted on', async function () {
    this.timeout(30_000 * patience);
    const jails = ['web', 'given'].map((name) => instance.status(name));
    const other = instance.status('other').pid;
    const starting = instance.ctlLater('start', 'hooked');
    await instance.until('the command runs', () => hook() !== 0);
    const pids = [
      ...jails.flatMap(({ pid, command_pid }) => [jailerOf(pid ?? 0), pid ?? 0, command_pid ?? 0]),
      hook(),
    ];
    await instance.killDaemon();
    await starting;
    replace(pids);
    await instance.start();
    await instance.until('web runs again', () => instance.status('web').state === 'running');
    expect(instance.status('web')).to.include({ restarts: 1 });
    expect(instance.status('given')).to.include({ state: 'failed', pid: null });
    expect(instance.status('given').exit?.cause).to.equal('jailer lost');
    expect(instance.status('other')).to.include({ state: 'running', pid: other });
    expect(instance.ctl('stop', 'hooked', 'web', 'given')).to.include({ code: 0, stderr: '' });
    expect(pids.filter((pid) => !isBystander(pid))).to.deep.equal([]);
    expect([...copiesOf(instance.prefix, (words) => words === SERVICE).keys()]).to.deep.equal(['other']);
  });
});
