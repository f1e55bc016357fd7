import { SystemError } from '../error.js';
import { E, bind } from './bind.js';

// The same number on every architecture, as of all calls newer than Linux 5.1.
const SYS_LANDLOCK_CREATE_RULESET = 444;
const LANDLOCK_CREATE_RULESET_VERSION = 1;
const createRuleset = bind<[number, number, number, number]>(
  'landlock_create_ruleset',
  'long syscall(long number, long attributes, long size, long flags)',
);

const SYS_BPF: Readonly<Partial<Record<NodeJS.Architecture, number>>> = {
  ...{ x64: 321, ia32: 357, arm: 386, arm64: 280, riscv64: 280, loong64: 280, ppc64: 361, s390x: 351 },
};
const nativeBpf = bind<[number, number, Uint8Array, number]>(
  'bpf',
  'long syscall(long number, long command, void *attributes, long size)',
);

/** The version of landlock(7) that this kernel has, 0 for none. */
export function landlockAbi(): number {
  try {
    return createRuleset('version', SYS_LANDLOCK_CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION);
  } catch {
    return 0; // not built, not switched on, or refused to jaild: then the jailer can't either
  }
}

/** Gives a command with its union bpf_attr, into which answers are written. Throws SystemError (EPERM, EINVAL, ENOSYS). bpf(2). */
export function bpf(subject: string, command: number, attributes: Uint8Array): number {
  const call = SYS_BPF[process.arch];
  if (call === undefined) throw new SystemError('bpf', E.ENOSYS, subject);
  return nativeBpf(subject, call, command, attributes, attributes.length);
}
