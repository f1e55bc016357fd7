import { capabilitiesOf } from '../capabilities.js';
import type { Expectation } from './expectation.js';
import type { Door } from './finding.js';
import { ownsUsers, type Judge } from './privileges.js';

const bits = (...capabilities: readonly number[]): bigint =>
  capabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n);
/** Files of other users, in a log directory or above it: dac_override. */
const WRITING = bits(1);
/** What answering calls takes: sys_chroot, sys_ptrace, sys_admin. */
const ANSWERING = bits(18, 19, 21);

const door = (plan: Expectation): Door => ({
  by: plan.mountsItself ? 'allow.mount' : 'osrelease or allow.set_hostname',
  severity: 'note',
  cost: 'the jailer keeps the capabilities and files of the host that doing these calls for the jail takes',
});

/** The process outside that keeps the jail: what is left to whoever makes it err. */
export const jailer: Judge = (seen, plan) => {
  const { jailer: process } = seen;
  if (process === null) return { wall: 'jailer', seen: 'gone', doors: [], weaker: ['it has gone'] };
  const { inheritable, ambient, permitted, effective, bounding } = process.capabilities;
  const has = inheritable | ambient | permitted | effective | bounding;
  // A helper without a user namespace gets nothing inside that it does not have outside.
  const answering = plan.answers ? ANSWERING | (ownsUsers(seen) ? 0n : plan.capabilities) : 0n;
  const extra = capabilitiesOf(has & ~(WRITING | answering));
  const weaker = [
    ...(extra.length > 0 ? [`the jailer has ${extra.join(', ')}`] : []),
    ...(process.noNewPrivs ? [] : ['the jailer runs without no_new_privs']),
    ...(process.seccomp === 2 ? [] : ['the jailer has no filter']),
  ];
  const names = capabilitiesOf(permitted);
  const calls = process.seccomp === 2 ? 'filtered (seccomp)' : 'no filter';
  return {
    wall: 'jailer',
    seen: `${names.length === 0 ? 'no capability' : names.join(' ')}, ${calls}`,
    doors: plan.answers ? [door(plan)] : [],
    weaker,
  };
};
