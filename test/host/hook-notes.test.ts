import { spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { HookNotes } from '../../src/host/hook-notes.js';
import { lineage, readStat } from '../../src/host/lineage.js';
import { temporaryDirectory } from '../support/temporary.js';

const isThere = (pid: number): boolean => !['Z', undefined].includes(readStat(pid)?.state);

/** A command as jaild runs it, with a child that has gone into a session of its own. */
async function command(directory: string): Promise<{ readonly child: ChildProcess; readonly inner: number }> {
  const file = join(directory, 'inner');
  const child = spawn('sh', ['-c', `setsid sh -c 'echo $$ > ${file}; sleep 1000; :' & wait`], {
    detached: true,
    env: { ...process.env, JNAME: 'web' },
    stdio: 'ignore',
  });
  for (let i = 0; i < 6000; i++) {
    await sleep(10);
    const inner = Number(readText(file));
    if (inner > 0) return { child, inner };
  }
  throw new Error('it has not begun');
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

describe('a command on the host that jaild has left running', () => {
  it('is killed by the next jaild with all that it began, whether jaild had noted who it is or not', async () => {
    for (const isNoted of [true, false]) {
      const directory = temporaryDirectory();
      const note = new HookNotes(directory, 'boot').open('web', 'sh -c …');
      const { child, inner } = await command(directory);
      if (isNoted) note.began(child.pid ?? 0);
      expect(await new HookNotes(directory, 'boot').endAll()).to.deep.equal(['web: sh -c …']);
      expect([child.pid ?? 0, inner].map(isThere)).to.deep.equal([false, false]);
      expect(readdirSync(join(directory, '.hooks'))).to.deep.equal([]);
    }
  });

  it('is found among others that look like it, and none of them in a jail is', async () => {
    const directory = temporaryDirectory();
    new HookNotes(directory, 'boot').open('web', 'sh -c …');
    const decoy = await command(temporaryDirectory());
    const jail = spawn('unshare', ['--pid', '--fork', 'env', 'JNAME=web', 'setsid', 'sleep', '1000']);
    const inside = (): number => Number(readText(`/proc/${jail.pid}/task/${jail.pid}/children`));
    while (readStat(inside())?.session !== inside()) await sleep(5);
    const { child, inner } = await command(directory);
    expect(await new HookNotes(directory, 'boot').endAll()).to.deep.equal(['web: sh -c …']);
    const pids = [child.pid ?? 0, inner, decoy.child.pid ?? 0];
    expect(pids.map(isThere)).to.deep.equal([false, false, false]);
    expect(isThere(inside())).to.equal(true);
    process.kill(inside(), 'SIGKILL');
  });

  it('is nobody when it has ended, when its number is of another process, or the boot another', async () => {
    const bystander = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
    const directory = temporaryDirectory();
    const notes = new HookNotes(directory, 'boot');
    notes.open('web', 'ended').close();
    const other = notes.open('web', 'other');
    other.began(bystander.pid ?? 0);
    const [file = ''] = readdirSync(join(directory, '.hooks'));
    const path = join(directory, '.hooks', file);
    const note = JSON.parse(readFileSync(path, 'utf8')) as { readonly startTime: number };
    writeFileSync(path, JSON.stringify({ ...note, startTime: note.startTime - 1 }));
    writeFileSync(`${path}.cut`, '{"boot":"bo');
    expect(await new HookNotes(directory, 'boot').endAll()).to.deep.equal([]);
    const again = notes.open('web', 'other');
    again.began(bystander.pid ?? 0);
    expect(await new HookNotes(directory, 'next boot').endAll()).to.deep.equal([]);
    expect(isThere(bystander.pid ?? 0)).to.equal(true);
    bystander.kill('SIGKILL');
  });
});

describe('where a process comes from', () => {
  it('is told by its forebears and their sessions, and of none that is gone', async () => {
    const directory = temporaryDirectory();
    const { child, inner } = await command(directory);
    expect([...lineage(inner)]).to.include.members([inner, child.pid, process.pid]);
    expect(lineage(child.pid ?? 0).has(inner)).to.equal(false);
    process.kill(-inner, 'SIGKILL');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    expect(lineage(2 ** 22).size).to.equal(0);
  });
});
