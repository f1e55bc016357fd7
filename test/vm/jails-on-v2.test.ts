import { expect } from 'chai';
import { relative, join } from 'node:path';
import type { InnerResult } from '../support/inner-report.js';
import { relay } from '../support/inner-report.js';
import { testOn, TIME_LIMIT, type VirtualRun } from '../support/virtual-host.js';

const compiled = join(import.meta.dirname, '..');

const hosts: Readonly<Record<string, VirtualRun>> = {
  'user-mode-linux': {
    script: 'uml.sh',
    patience: 4,
    nodeOptions: '',
    files: [
      'host/cgroup',
      'host/cgroup-facts',
      'host/device-access',
      'jaild/devices',
      'jaild/limits',
      'jaild/life',
      'jaild/logs',
      'jaild/network',
      'jaild/resource-limits',
      'jaild/supervision',
      'vm/guest/cores',
      'vm/guest/limits',
      'vm/guest/delegated',
      'vm/guest/without-cpuset',
    ],
  },
  'qemu, with every controller': {
    script: 'qemu.sh',
    patience: 10,
    // Without KVM, code that V8 makes anew all the time has to be translated each time.
    nodeOptions: '--jitless',
    files: ['host/cgroup', 'jaild/limits', 'vm/guest/every-controller', 'vm/guest/labels'],
  },
};

describe('jails on a pure cgroup v2 host', function () {
  this.timeout((TIME_LIMIT + 20) * 1000).slow(180_000);
  const runs = new Map<string, Promise<readonly InnerResult[]>>();

  // Both are mostly waited for, so they are up at the same time.
  before(() => {
    for (const [name, run] of Object.entries(hosts)) runs.set(name, testOn(run));
    return Promise.allSettled(runs.values());
  });

  for (const [name, { files }] of Object.entries(hosts))
    describe(`under ${name}`, () => {
      let results: readonly InnerResult[] = [];

      before(async function () {
        results = (await runs.get(name)) ?? [];
        for (const result of results) relay(this.test?.parent, result.fullTitle, result);
      });

      it('every test file has been run', () => {
        const run = new Set(results.map(({ file }) => relative(compiled, file).replace(/\.test\.js$/, '')));
        expect([...run].sort()).to.deep.equal([...files].sort());
      });
    });
});
