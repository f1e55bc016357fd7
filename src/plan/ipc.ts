import { hasOwnIpc } from '../config/rctl/possible.js';
import type { JailParams } from '../config/params.js';
import type { JailSys } from '../config/values/scalar.js';

export type SystemVName = 'sysvmsg' | 'sysvsem' | 'sysvshm';

/**
 * What each part of System V IPC is. What is not written is the jail's own; where another part is the host's, which
 * leaves no namespace for it, and with `allow.nosysvipc` it is as on FreeBSD: there is none.
 */
export function systemV(values: JailParams): Readonly<Record<SystemVName, JailSys>> {
  const unwritten = !hasOwnIpc(values) || values['allow.sysvipc'] === false ? 'disable' : 'new';
  return {
    sysvmsg: values.sysvmsg ?? unwritten,
    sysvsem: values.sysvsem ?? unwritten,
    sysvshm: values.sysvshm ?? unwritten,
  };
}
