import { parseArgs } from 'node:util';
import { measureCheck } from './check.js';
import { measureCrowd } from './crowd.js';
import { measureNetworkCrowd } from './network-crowd.js';
import { measurePackets } from './network-packets.js';
import { measureNetworkStarts } from './network-starts.js';
import { isMet, json, markdown, type Line } from './report.js';
import { measureSingleJails } from './single.js';
import { measureSupervision } from './supervision.js';
import { measureOutput } from './output.js';

/*
 * Measures jaild against bubblewrap, runc, supervisors, loggers and what the kernel alone takes, all in this run, on this machine:
 * the ratios are what can be compared with another run.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '30' },
    jails: { type: 'string', default: '100' },
    only: { type: 'string', default: 'single,crowd,network,check,supervision,output' },
  },
});
const rounds = Number(values.rounds);
const measures: Readonly<Record<string, () => Promise<readonly Line[]>>> = {
  single: () => measureSingleJails({ rounds, warmUp: 5 }),
  crowd: () => measureCrowd(Number(values.jails), 5),
  network: async () => [
    ...(await measureNetworkStarts(Math.ceil(rounds / 2))),
    ...(await measureNetworkCrowd(200, 3)),
    ...(await measurePackets()),
  ],
  check: () => measureCheck(10_000, 5),
  supervision: () => measureSupervision(Math.ceil(rounds / 2), 20),
  output: () => measureOutput(Math.ceil(rounds / 6)),
};

const lines: Line[] = [];
for (const name of values.only.split(',')) lines.push(...((await measures[name]?.()) ?? []));
process.stdout.write(values.json ? json(lines) : markdown(lines));
process.exitCode = lines.every(isMet) ? 0 : 1;
