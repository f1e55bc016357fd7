import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { cgroupPaths } from '../../src/plan/cgroup.js';
import { instanceBelow, type Instance } from '../../src/plan/instance.js';
import { detectCgroups } from '../../src/host/cgroup-facts.js';

/** An instance of its own below a new temporary directory, and what takes the directory away again. */
export function temporaryInstance(): { readonly instance: Instance; readonly remove: () => void } {
  const prefix = mkdtempSync(join(tmpdir(), 'jaild-instance-'));
  return { instance: instanceBelow(prefix), remove: () => rmSync(prefix, { recursive: true }) };
}

/** This host as it is, and, where it has both versions of cgroups, the same host with v1 alone. */
export function hostVariants(instance: Instance): readonly (readonly [title: string, facts: CgroupFacts])[] {
  const facts = detectCgroups(instance, null);
  if (facts.v2 === null || facts.v1['memory'] === undefined) return [['this host', facts]];
  return [
    ['this host', facts],
    ["this host's v1 hierarchies alone", { ...facts, v2: null, v2Controllers: [] }],
  ];
}

/** The files that let a process in: of v1 and v2 alike. */
export function entrances(facts: CgroupFacts, jail: string): readonly string[] {
  return cgroupPaths(facts, jail).map((path) => `${path}/cgroup.procs`);
}

/** A shell that enters cgroups and then goes on with `script`; resolves when it is in. */
export async function startIn(files: readonly string[], script: string): Promise<ChildProcess> {
  const enter = files.map((file) => `echo 0 > '${file}'`).join(' && ');
  const child = spawn('/bin/sh', ['-c', `${enter} && echo in && ${script}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the shell ended with ${code}`)));
    child.stdout.once('data', () => resolve());
  });
  return child;
}

/** Resolves with how a child ended. */
export function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const tell = (): void => resolve(String(child.signalCode ?? child.exitCode));
    if (child.signalCode !== null || child.exitCode !== null) tell();
    else child.once('exit', tell);
  });
}

/** What a control file says. */
export const control = (file: string): string => readFileSync(file, 'utf8').trim();

/** Waits up to a minute until `read` gives `expected`, and gives what it gave last. */
export async function settled<T>(read: () => T, expected: T): Promise<T> {
  for (let tried = 0; tried < 6000 && read() !== expected; tried++)
    await new Promise((resolve) => setTimeout(resolve, 10));
  return read();
}
