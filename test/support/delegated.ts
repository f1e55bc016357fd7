import { readFileSync, writeFileSync } from 'node:fs';
import { instanceBelow } from '../../src/plan/instance.js';
import { detectCgroups } from '../../src/host/cgroup-facts.js';
import { prepareRoot, removeRoot } from '../../src/host/cgroup.js';

// Run as a program by cgroup-facts.test.ts: enters a cgroup as a service does, twice prepares what jaild needs there,
// and says what it found.
const [, , cgroup = '', prefix = ''] = process.argv;
writeFileSync(`${cgroup}/cgroup.procs`, String(process.pid));
const detect = () => detectCgroups(instanceBelow(prefix), null);
const first = prepareRoot(detect());
const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
const again = prepareRoot(detect());
removeRoot(first);
process.stdout.write(JSON.stringify({ first, again, own }));
