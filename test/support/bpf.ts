import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const compiler = join(import.meta.dirname, '../../../native/build/seccomp-compile');

/** What seccomp(2) has an instruction look at. */
export interface Call {
  readonly number: number;
  /** AUDIT_ARCH_…; x86-64 when not given. */
  readonly architecture?: number;
  readonly args?: readonly bigint[];
}

export const X86_64 = 0xc000003e;
export const I386 = 0x40000003;

/** The program for a policy, as the compiler of native/ makes it. */
export function compilePolicy(policy: string): Buffer {
  const { status, stdout, stderr } = spawnSync(compiler, { input: policy });
  if (status !== 0) throw new Error(stderr.toString());
  return stdout;
}

/** struct seccomp_data, seccomp(2). */
function dataOf({ number, architecture = X86_64, args = [] }: Call): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number >>> 0, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [at, arg] of args.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, arg), 16 + 8 * at);
  return data;
}

const conditions: Readonly<Record<number, (a: number, k: number) => boolean>> = {
  0x15: (a, k) => a === k,
  0x25: (a, k) => a > k,
  0x35: (a, k) => a >= k,
  0x45: (a, k) => (a & k) !== 0,
};

/** Runs a classic BPF program (linux/filter.h) on a call; throws for an instruction that no filter of ours has. */
function evaluate(program: Buffer, call: Call): number {
  const data = dataOf(call);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const [code, jt, jf] = [program.readUInt16LE(8 * at), program[8 * at + 2], program[8 * at + 3]];
    const k = program.readUInt32LE(8 * at + 4);
    const jump = conditions[code];
    if (code === 0x06) return k;
    else if (code === 0x20) accumulator = data.readUInt32LE(k);
    else if (code === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (code === 0x05) at += k;
    else if (jump !== undefined) at += (jump(accumulator, k) ? jt : jf) ?? 0;
    else throw new Error(`instruction ${code.toString(16)} at ${at}`);
  }
}

const actions: Readonly<Record<number, string>> = {
  0x7fff0000: 'allow',
  0x7ffc0000: 'log',
  0x00030000: 'trap',
  0x00000000: 'kill-thread',
  0x80000000: 'kill-process',
};

/** What a filter answers, in words: "allow", "EPERM", "kill-process". */
export function answerOf(program: Buffer, call: Call): string {
  const action = evaluate(program, call);
  if (action >>> 16 !== 5) return actions[action] ?? action.toString(16);
  const number = action & 0xffff;
  return Object.entries(constants.errno).find(([, own]) => own === number)?.[0] ?? `errno ${number}`;
}

/** Names of x86-64 calls and their numbers, as this machine's kernel headers have them. */
export function callNumbers(): ReadonlyMap<string, number> {
  const header = readFileSync('/usr/include/x86_64-linux-gnu/asm/unistd_64.h', 'utf8');
  const own = [...header.matchAll(/^#define __NR_(\w+) (\d+)$/gm)];
  return new Map([
    ...own.map(([, name = '', number]) => [name, Number(number)] as const),
    // Newer than the headers of Debian 12.
    ...Object.entries({ statmount: 457, listmount: 458, mseal: 462, open_tree_attr: 467 }),
  ]);
}
