import type { JailParams } from '../config/params.js';

interface Level {
  readonly from: number;
  readonly capabilities: readonly string[];
  readonly calls: readonly string[];
}

/** What security(7) of FreeBSD takes away from each level on, as far as Linux can take it from a jail. */
const levels: readonly Level[] = [
  {
    from: 1,
    capabilities: ['linux_immutable', 'sys_module', 'sys_rawio', 'mknod'],
    calls: [
      ...['init_module', 'finit_module', 'delete_module', 'kexec_load', 'kexec_file_load'],
      ...['iopl', 'ioperm'],
    ],
  },
  {
    from: 2,
    capabilities: ['sys_time'],
    calls: ['clock_settime', 'settimeofday', 'clock_adjtime', 'adjtimex'],
  },
  { from: 3, capabilities: ['net_admin'], calls: [] },
];

const reached = ({ securelevel = -1 }: JailParams): readonly Level[] =>
  levels.filter(({ from }) => securelevel >= from);

/** Capabilities that no other parameter gives back. */
export function withheldCapabilities(values: JailParams): ReadonlySet<string> {
  return new Set(reached(values).flatMap(({ capabilities }) => capabilities));
}

/** System calls that no other parameter gives back. */
export function withheldCalls(values: JailParams): readonly string[] {
  return reached(values).flatMap(({ calls }) => calls);
}

/** Disks are never written past their file system from level 2 on. */
export function withholdsDisks({ securelevel = -1 }: JailParams): boolean {
  return securelevel >= 2;
}
