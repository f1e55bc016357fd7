import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { screen } from '../../src/cli/top/screen.js';
import { patience } from '../support/patience.js';
import { TestInstance } from '../support/instance.js';

/** The client on a terminal of its own, in a shell that tells the terminal's modes before and after. */
class Terminal {
  text = '';
  readonly #script: ChildProcessWithoutNullStreams;

  constructor(command: string) {
    const shell = `stty cols 80 rows 12; echo before $(stty -g); ${command}; echo "code $? after $(stty -g)"`;
    const env = { ...process.env, TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', SHELL: '/bin/sh' };
    this.#script = spawn('script', ['-qc', shell, '/dev/null'], { env });
    this.#script.stdout.on('data', (bytes: Buffer) => (this.text += bytes.toString()));
  }

  async until(what: string | RegExp): Promise<void> {
    for (let tries = 0; this.text.search(what) < 0; tries++) {
      if (tries > 6000 * patience) {
        this.#script.kill();
        throw new Error(`${String(what)} does not come: ${this.text}`);
      }
      await sleep(10);
    }
  }

  type(keys: string): void {
    this.#script.stdin.write(keys);
  }

  /** The client: the last of the processes that each have begun the next. */
  get client(): number {
    for (let pid = this.#script.pid ?? 0; ;) {
      const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
      if (child === undefined || child === '') return pid;
      pid = Number(child);
    }
  }

  /** What is on the screen that stays: how the client ended, and whether the terminal is as it was. */
  async end(): Promise<string> {
    await this.until(/code \d+ after \S+/);
    this.#script.stdin.end();
    const [, before] = /before (\S+)/.exec(this.text) ?? [];
    const left = this.text.slice(this.text.lastIndexOf(screen.last) + screen.last.length);
    return left.replace(before ?? '?', 'as before').replace(/\r/g, '');
  }
}

describe('jailctl top', function () {
  const instance = new TestInstance();

  before(async () => {
    instance.configure('web { path = "$root"; command = "/bin/sleep 1000"; memory.max = 64M; }');
    await instance.start();
    expect(instance.ctl('start', 'web').code).to.equal(0);
  });
  after(() => instance.close());

  const top = async (...words: readonly string[]): Promise<Terminal> => {
    const terminal = new Terminal(
      [instance.bin('jailctl'), '--prefix', instance.prefix, 'top', ...words].join(' '),
    );
    await terminal.until(/web\S* .*running/);
    return terminal;
  };

  it('shows jails until q is typed, and the terminal is as before', async () => {
    const terminal = await top('-d', '0.2');
    // The first lines know nothing yet of what grows.
    await terminal.until(/running[^\n]* 0\.0/);
    terminal.type('q');
    expect(await terminal.end()).to.equal('code 0 after as before\n');
    expect(terminal.text).to.include(screen.first);
  });

  it('gives the terminal back when it is killed', async () => {
    const terminal = await top();
    process.kill(terminal.client, 'SIGTERM');
    expect(await terminal.end()).to.match(/^(Terminated\n)?code 143 after as before\n$/);
  });

  it('prints frames where there is no terminal, and says how where it was not asked to', () => {
    const { code, stdout } = instance.ctl('top', '-b', '-n', '2', '-d', '0.1');
    expect([code, stdout.match(/^web +running /gm)?.length]).to.deep.equal([0, 2]);
    expect(instance.ctl('top')).to.deep.equal({
      code: 2,
      stdout: '',
      stderr: 'error: top: there is no terminal to draw on\nhint: jailctl top -b prints line after line\n',
    });
    expect(instance.ctl('top', 'wbe').code).to.equal(4);
  });

  it('gives the terminal back when jaild is killed', async () => {
    const terminal = await top();
    await instance.killDaemon();
    expect(await terminal.end()).to.equal('error: jaild closed the connection\ncode 1 after as before\n');
  });
});
