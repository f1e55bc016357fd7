import type { LaunchRecord } from './step.js';

/** A read-only file of these bytes at a path below the jail's root; `options` as in native/PROTOCOL.md §1. */
export const fileRecord = (target: string, options: string, bytes: Buffer): LaunchRecord => [
  'file',
  target,
  '444',
  options,
  bytes.toString('hex'),
];
