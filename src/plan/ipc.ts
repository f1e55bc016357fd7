import type { JailParams } from '../config/params.js';
import type { JailSys } from '../config/values/scalar.js';

const names = ['sysvmsg', 'sysvsem', 'sysvshm'] as const;
export type SystemVName = (typeof names)[number];

/** Whether the jail has no IPC namespace of its own: any of the three is the host's. */
export function sharesHostIpc(values: JailParams): boolean {
  return names.some((name) => values[name] === 'inherit');
}

/**
 * What each part of System V IPC is. What is not written is the jail's own; where another part is the host's, which
 * leaves no namespace for it, and with `allow.nosysvipc` it is as on FreeBSD: there is none.
 */
export function systemV(values: JailParams): Readonly<Record<SystemVName, JailSys>> {
  const unwritten = sharesHostIpc(values) || values['allow.sysvipc'] === false ? 'disable' : 'new';
  return {
    sysvmsg: values.sysvmsg ?? unwritten,
    sysvsem: values.sysvsem ?? unwritten,
    sysvshm: values.sysvshm ?? unwritten,
  };
}
