import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cgroupPaths } from '../../src/plan/cgroup.js';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { findDeviceAccess, limitDevices, observeDeviceAccess } from '../../src/host/device-access.js';
import { createCgroup, prepareRoot, removeCgroup, removeRoot } from '../../src/host/cgroup.js';
import { detectCgroups } from '../../src/host/cgroup-facts.js';
import { temporaryInstance } from '../support/cgroup-life.js';

const { instance, remove } = temporaryInstance();
const detected = detectCgroups(instance, null);
const versions = [
  ...(detected.v2 === null ? [] : [2 as const]),
  ...(detected.v1['devices'] === undefined ? [] : [1 as const]),
];

for (const version of versions)
  describe(`devices held back by cgroup v${version}`, () => {
    let facts: CgroupFacts;
    let cgroup: string;
    let directory: string;
    const rules = ['c 1:3 rw', 'c 1:5 r', 'c 136:* rw'];

    before(() => {
      facts = { ...prepareRoot(detected), deviceAccess: version };
      const paths = cgroupPaths(facts, 'web');
      cgroup = (version === 2 ? facts.v2 : facts.v1['devices']) + '/web';
      expect(paths).to.include(cgroup);
      createCgroup([cgroup]);
      limitDevices({ version, cgroup, rules });
      directory = mkdtempSync(join(tmpdir(), 'device-access-'));
    });
    after(async () => {
      await removeCgroup([cgroup]);
      removeRoot(facts);
      rmSync(directory, { recursive: true });
    });

    /** Runs a shell in a cgroup, and gives what it said. */
    const run = (where: string, script: string): string => {
      const enter = `echo 0 > '${where}/cgroup.procs' && ${script}`;
      return spawnSync('/bin/sh', ['-c', enter], { encoding: 'utf8', cwd: directory }).stdout.trim();
    };
    const tries =
      'for f in null zero full kmsg; do (: <$f) 2>/dev/null && echo "r $f"; (: >>$f) 2>/dev/null && echo "w $f"; done';
    const nodes = 'mknod null c 1 3; mknod zero c 1 5; mknod full c 1 7; mknod kmsg c 1 11';

    it('are those that the rules name, with their rights, by whatever node', () => {
      expect(spawnSync('/bin/sh', ['-c', nodes], { cwd: directory }).status).to.equal(0);
      expect(run(cgroup, tries)).to.equal('r null\nw null\nr zero');
      const outside = spawnSync('/bin/sh', ['-c', tries], { encoding: 'utf8', cwd: directory }).stdout;
      expect(outside.trim().split('\n')).to.have.length(8);
    });

    it('cannot be made, and names for other files can', () => {
      const made =
        'for n in "c 1 3" "c 136 0" "b 7 0" "p"; do mknod "new$n" $n 2>/dev/null && echo "$n"; done';
      expect(run(cgroup, made)).to.equal('p');
    });

    it('hold for cgroups below, whose own programs or rules give no more', () => {
      const inner = `${cgroup}/inner`;
      mkdirSync(inner);
      const wider = (): void => limitDevices({ version, cgroup: inner, rules: [...rules, 'c 1:11 r'] });
      if (version === 2) wider();
      else expect(wider).to.throw('Operation not permitted');
      expect(run(inner, tries)).to.equal('r null\nw null\nr zero');
      rmdirSync(inner);
    });

    it('are told from others by what the kernel says', () => {
      const closed = version === 2 ? { version, isAttached: true } : { version, beyond: [] };
      expect(observeDeviceAccess({ version, cgroup, rules })).to.deep.equal(closed);
      const fewer = observeDeviceAccess({ version, cgroup, rules: rules.slice(1) });
      expect(fewer).to.deep.equal(
        version === 2 ? { version, isAttached: false } : { version, beyond: ['c 1:3 rw'] },
      );
    });

    it('name the cgroup in the error when it is not there', () => {
      expect(() => limitDevices({ version, cgroup: `${cgroup}/no`, rules })).to.throw(
        new RegExp(`^open ${cgroup}/no`),
      );
    });

    it('are found to be held back so', () => {
      const alone = version === 2 ? { ...facts, v1: {} } : facts;
      expect(findDeviceAccess(alone)).to.deep.equal({ version, reason: null });
    });
  });

describe('a host whose cgroups hold back no device', () => {
  after(remove);

  it('is told from others, with the reason', () => {
    expect(findDeviceAccess({ v1: {}, v2: null, v2Controllers: [] })).to.deep.equal({
      version: null,
      reason: 'there is no such cgroup',
    });
    const notThere = '/sys/fs/cgroup/no-such/place';
    const { version, reason } = findDeviceAccess({ v1: { devices: notThere }, v2: null, v2Controllers: [] });
    expect(version).to.equal(null);
    expect(reason).to.match(/^mkdir \/sys\/fs\/cgroup\/no-such/);
  });
});
