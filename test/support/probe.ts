import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Compiles probe.c into a root directory as /bin/probe. */
export function installProbe(root: string): void {
  installProgram(root, 'probe');
}

/** Compiles test/support/NAME.c into a root directory as /bin/NAME. */
export function installProgram(root: string, name: string): void {
  const source = join(import.meta.dirname, `../../../test/support/${name}.c`);
  const program = join(root, 'bin', name);
  const { status, stderr } = spawnSync('gcc', ['-std=gnu17', '-O1', '-static', '-o', program, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

const errors: Readonly<Record<string, string>> = {
  1: 'EPERM',
  9: 'EBADF',
  13: 'EACCES',
  18: 'EXDEV',
  38: 'ENOSYS',
  93: 'EPROTONOSUPPORT',
  97: 'EAFNOSUPPORT',
};

/** What the probe printed: for each answer, the tries that got it. */
export function readProbe(output: string): Readonly<Record<string, string>> {
  const tries = output
    .trim()
    .split('\n')
    .map((line) => /^(\w+) (.*)$/.exec(line))
    .map((match) => [match?.[1] ?? '', errors[match?.[2] ?? ''] ?? match?.[2] ?? ''] as const);
  const answers = [...new Set(tries.map(([, answer]) => answer))].sort();
  const named = (answer: string): string =>
    tries
      .filter(([, own]) => own === answer)
      .map(([name]) => name)
      .join(' ');
  return Object.fromEntries(answers.map((answer) => [answer, named(answer)]));
}
