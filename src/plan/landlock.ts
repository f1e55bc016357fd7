import type { JailParams } from '../config/params.js';
import { jailCapabilities } from './capabilities.js';
import type { LaunchRecord } from './step.js';

/** What landlock(7) closes: opening files outside of the jail's root, and sockets and signals to outside. */
export type LandlockPart = 'files' | 'scopes';

/** Whoever is restricted in files may mount nothing, whatever else he may. */
const mountsByItself = (values: JailParams): boolean =>
  (values['children.max'] ?? 0) > 0 || jailCapabilities(values).includes('sys_admin');

/** What of landlock(7) a jail gets, as far as the kernel has it. */
export const landlockParts = (values: JailParams): readonly LandlockPart[] =>
  mountsByItself(values) ? ['scopes'] : ['files', 'scopes'];

/** The record of it (native/PROTOCOL.md §1). */
export const landlockRecord = (values: JailParams): LaunchRecord => [
  'landlock',
  landlockParts(values).join(','),
];
