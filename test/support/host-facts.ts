import type { HostFacts } from '../../src/plan/facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { hostLimits } from './host-limits.js';

/** A host with the controllers that most have, on which nothing is set up but what every jail has. */
export const hostFacts: HostFacts = {
  instance: instanceBelow(''),
  cgroups: { v1: {}, v2: '/sys/fs/cgroup/jaild', v2Controllers: ['memory', 'pids'] },
  uidBase: 1_100_000_000,
  seccomp: null,
  jid: 7,
  launch: '0123456789abcdef0123456789abcdef',
  fstabs: new Map(),
  blockDevices: new Map(),
  hostnameAddresses: [],
  timeNamespaces: true,
  figures: { hugepage: 2048, cpus: [0, 1], realtime: 1.8e12, monotonic: 99.5, boottime: 100.5 },
  limits: hostLimits,
  term: null,
};
