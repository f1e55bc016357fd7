import { getSystemErrorMap } from 'node:util';

/** What a profile calls its actions, in the words of a policy (etc/seccomp/default.policy). */
export const actions: Readonly<Record<string, string>> = {
  SCMP_ACT_ALLOW: 'allow',
  SCMP_ACT_ERRNO: 'errno',
  SCMP_ACT_KILL: 'kill-thread',
  SCMP_ACT_KILL_THREAD: 'kill-thread',
  SCMP_ACT_KILL_PROCESS: 'kill-process',
  SCMP_ACT_TRAP: 'trap',
  SCMP_ACT_LOG: 'log',
};

/** Those that need somebody outside who answers, and why there is nobody. */
export const refusedActions: Readonly<Record<string, string>> = {
  SCMP_ACT_TRACE: 'no tracer is attached to a jail',
  SCMP_ACT_NOTIFY: 'nobody listens to the calls of a jail but its jailer',
};

export const operators: Readonly<Record<string, string>> = {
  SCMP_CMP_NE: '!=',
  SCMP_CMP_LT: '<',
  SCMP_CMP_LE: '<=',
  SCMP_CMP_EQ: '==',
  SCMP_CMP_GE: '>=',
  SCMP_CMP_GT: '>',
  SCMP_CMP_MASKED_EQ: '&',
};

/** SCMP_ARCH_… without that; libseccomp knows them by the same names in small letters. */
const architectureNames = new Set([
  ...['X86', 'X86_64', 'X32', 'ARM', 'AARCH64', 'LOONGARCH64', 'M68K', 'SH', 'SHEB', 'RISCV64'],
  ...['MIPS', 'MIPS64', 'MIPS64N32', 'MIPSEL', 'MIPSEL64', 'MIPSEL64N32', 'PARISC', 'PARISC64'],
  ...['PPC', 'PPC64', 'PPC64LE', 'S390', 'S390X'],
]);

/** "SCMP_ARCH_X86_64" → "x86_64"; null for a name that is none. */
export function architectureOf(name: string): string | null {
  const own = /^SCMP_ARCH_(\w+)$/.exec(name)?.[1] ?? '';
  return architectureNames.has(own) ? own.toLowerCase() : null;
}

/** Flags of seccomp(2) that change nothing where a filter is loaded by a process of one thread, just before execve(2). */
export const idleFlags: readonly string[] = ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_SPEC_ALLOW'];

/** The number of an error, by its name. */
export function errnoOf(name: string): number | undefined {
  const found = [...getSystemErrorMap()].find(([, [own]]) => own === name);
  return found && -found[0];
}
