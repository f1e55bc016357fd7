import { expect } from 'chai';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HookArgs } from '../../src/plan/step.js';
import { StepFailure, SystemError } from '../../src/host/error.js';
import { runHook } from '../../src/host/hook.js';
import { processExists } from '../support/processes.js';

const PATH = '/usr/bin:/bin';
const hook = (argv: readonly string[], more: Partial<HookArgs> = {}): HookArgs => ({
  phase: 'exec.prestart',
  command: 'the command',
  argv,
  environment: { PATH },
  user: null,
  timeout: 0,
  background: false,
  ...more,
});
const shell = (script: string, more: Partial<HookArgs> = {}): HookArgs =>
  hook(['/bin/sh', '-c', script], more);

async function output(args: HookArgs): Promise<readonly string[]> {
  const lines: string[] = [];
  await runHook(args, (line) => lines.push(line));
  return lines;
}

/** The failure in words, with its hint. */
async function failureOf(args: HookArgs): Promise<string> {
  try {
    await runHook(args);
    return 'none';
  } catch (error) {
    if (error instanceof StepFailure || error instanceof SystemError)
      return `${error.message} | ${error.hint}`;
    throw error;
  }
}

describe('a command on the host', () => {
  let directory: string;
  before(() => (directory = mkdtempSync(join(tmpdir(), 'jaild-hook-'))));
  after(() => rmSync(directory, { recursive: true }));

  const eventually = async (holds: () => boolean): Promise<void> => {
    for (let tried = 0; tried < 6000 && !holds(); tried++)
      await new Promise((resolve) => setTimeout(resolve, 10));
  };

  it('has exactly its environment, starts in /, and has nothing on its standard input', async () => {
    const environment = { PATH, JNAME: 'web' };
    expect(await output(hook(['env'], { environment }))).to.have.members([`PATH=${PATH}`, 'JNAME=web']);
    expect(await output(shell('pwd; readlink /proc/self/fd/0'))).to.deep.equal(['/', '/dev/null']);
  });

  it('is killed with all that it started when it is called off', async () => {
    const called = new AbortController();
    const file = join(directory, 'child');
    const running = runHook(shell(`sleep 1000 & echo $! > ${file}; wait`), () => undefined, called.signal);
    await eventually(() => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
    called.abort();
    const failure = await running.catch((error: unknown) => String(error));
    expect(failure).to.match(/the command: ended by signal 9/);
    await eventually(() => !processExists(Number(readFileSync(file, 'utf8'))));
    expect(processExists(Number(readFileSync(file, 'utf8')))).to.equal(false);
  });

  it('has no shell between, and a session of its own', async () => {
    expect(await output(hook(['echo', '$HOME', '*']))).to.deep.equal(['$HOME *']);
    const [stat = ''] = await output(hook(['cat', '/proc/self/stat']));
    const [pid, , , , group, session] = stat.split(' ');
    expect([group, session]).to.deep.equal([pid, pid]);
  });

  it('is heard line by line, the last one without its end too, and long lines are cut', async () => {
    expect(await output(shell('echo a; echo b >&2; printf c'))).to.have.members(['a', 'b', 'c']);
    const [long = ''] = await output(shell('head -c 100000 /dev/zero | tr "\\0" x'));
    expect(long.length).to.equal(4096);
  });

  it('says nothing that a terminal obeys, neither in the log nor in its last words', async () => {
    const script = "printf 'a\\033[2Jb\\rc\\302\\233d\\342\\200\\256e\\n'";
    expect(await output(shell(script))).to.deep.equal(['a [2Jb c d e']);
    expect(await failureOf(shell(`${script}; exit 1`))).to.equal(
      'exec.prestart the command: exited 1 | its last words: a [2Jb c d e',
    );
  });

  it('that exits with a code fails with it and its last words', async () => {
    expect(await failureOf(shell('echo fine; echo no such thing >&2; exit 3'))).to.equal(
      'exec.prestart the command: exited 3 | its last words: no such thing',
    );
  });

  it('that a signal ends fails with its number and name', async () => {
    expect(await failureOf(shell('kill -9 $$'))).to.equal(
      'exec.prestart the command: ended by signal 9 (SIGKILL) | undefined',
    );
  });

  it('that takes too long is killed with all of its process group', async () => {
    const file = join(directory, 'pid');
    const failure = await failureOf(shell(`sleep 1000 & echo $! > ${file}; wait`, { timeout: 1 }));
    expect(failure).to.equal('exec.prestart the command: timed out after 1 s | undefined');
    const pid = Number(readFileSync(file, 'utf8'));
    await eventually(() => !processExists(pid));
    expect(processExists(pid)).to.equal(false);
  });

  it('that leaves a daemon behind is over when it has exited itself', async () => {
    const file = join(directory, 'daemon');
    await runHook(shell(`sleep 1000 & echo $! > ${file}; echo started`));
    const pid = Number(readFileSync(file, 'utf8'));
    expect(processExists(pid)).to.equal(true);
    process.kill(pid, 'SIGKILL');
  });

  it('in the background is not waited for', async () => {
    const file = join(directory, 'background');
    const go = join(directory, 'go');
    const script = `until [ -e ${go} ]; do sleep 0.02; done; echo done > ${file}.new; mv ${file}.new ${file}`;
    await runHook(shell(script, { background: true }));
    expect(existsSync(file)).to.equal(false);
    writeFileSync(go, '');
    await eventually(() => existsSync(file));
    expect(readFileSync(file, 'utf8')).to.equal('done\n');
  });

  it('that is not there is an error of the system, in the background too', async () => {
    const missing = hook(['no-such-program']);
    const words = `exec.prestart no-such-program: No such file or directory | no directory of PATH has it (${PATH})`;
    expect(await failureOf(missing)).to.equal(words);
    expect(await failureOf({ ...missing, background: true })).to.equal(words);
    expect(await failureOf(hook(['/etc/passwd']))).to.equal(
      'exec.prestart /etc/passwd: Permission denied | undefined',
    );
    const long = hook(['true', 'x'.repeat(3_000_000)]);
    expect(await failureOf(long)).to.equal('exec.prestart true: Argument list too long | undefined');
  });

  it('runs as the user that exec.system_user names', async () => {
    expect(await output(shell('id -un; id -G', { user: 'nobody' }))).to.deep.equal(['nobody', '65534']);
    expect(await failureOf(hook(['true'], { user: 'no-such-user' }))).to.equal(
      'exec.prestart the command: no-such-user: no such user | undefined',
    );
  });
});
