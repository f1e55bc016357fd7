import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CgroupFacts } from '../../src/plan/facts.js';
import { detectCgroups } from '../../src/host/cgroup-facts.js';
import { prepareRoot, removeCgroup, removeRoot } from '../../src/host/cgroup.js';
import { control, temporaryInstance } from '../support/cgroup-life.js';
import { setAttribute } from '../support/xattr.js';

const { instance, remove } = temporaryInstance();
const directories = (facts: CgroupFacts): readonly string[] =>
  [facts.v2, ...Object.values(facts.v1)].filter((path) => typeof path === 'string');

interface Delegated {
  readonly first: CgroupFacts;
  readonly again: CgroupFacts;
  readonly own: string;
}

describe('the cgroups of this host', () => {
  after(remove);

  it("are found at the root of each hierarchy, under the instance's name", () => {
    const facts = detectCgroups(instance, null);
    const hierarchies = directories(facts).map(dirname);
    const devices = hierarchies.map((path) => statSync(path).dev);
    expect(directories(facts).map((path) => path.slice(dirname(path).length + 1))).to.deep.equal(
      hierarchies.map(() => instance.cgroupName),
    );
    expect(hierarchies.filter((path) => !existsSync(`${path}/cgroup.procs`))).to.deep.equal([]);
    expect(devices).not.to.include(statSync('/').dev);
    for (const [controller, directory = ''] of Object.entries(facts.v1))
      expect(control('/proc/cgroups'), directory).to.match(new RegExp(`^${controller}\\s`, 'm'));
  });

  it('are made ready and taken away again, and twice is as good as once', () => {
    const found = detectCgroups(instance, null);
    const isHybrid = Object.keys(found.v1).length > 0;
    // A hybrid host's v2 root is left as it is; on a v2 host jails need the controllers there.
    const rootControllers = (): readonly string[] =>
      found.v2 === null
        ? []
        : control(`${dirname(found.v2)}/cgroup.subtree_control`)
            .split(' ')
            .filter(Boolean);
    const before = rootControllers();
    const facts = prepareRoot(found);
    expect(prepareRoot(facts)).to.deep.equal(facts);
    expect(facts.v2Controllers).to.have.members(found.v2Controllers as string[]);
    expect(directories(facts).filter((path) => !existsSync(path))).to.deep.equal([]);
    if (isHybrid) expect(rootControllers()).to.deep.equal(before);
    else expect(rootControllers()).to.include.members([...before, ...facts.v2Controllers]);
    removeRoot(facts);
    removeRoot(facts);
    expect(directories(facts).filter((path) => existsSync(path))).to.deep.equal([]);
  });

  it('are below the configured cgroup where there is one', () => {
    const parent = `${instance.cgroupName}-parent`;
    const facts = prepareRoot(detectCgroups(instance, `/${parent}/`));
    const places = directories(facts);
    expect(places.map((path) => path.endsWith(`/${parent}/${instance.cgroupName}`))).to.deep.equal(
      places.map(() => true),
    );
    const cpuset = facts.v1['cpuset'];
    if (cpuset !== undefined) expect(control(`${cpuset}/cpuset.mems`)).not.to.equal('');
    removeRoot(facts);
    for (const parents of new Set(places.map(dirname))) rmdirSync(parents);
  });

  it('are below the cgroup that is delegated to jaild, which makes room there by moving to a child', async () => {
    const root = detectCgroups(instance, null).v2;
    if (root === null) throw new Error('this test needs a host with a v2 tree');
    const service = `${root}-test.service`;
    const program = fileURLToPath(new URL('../support/delegated.js', import.meta.url));
    mkdirSync(service);
    try {
      setAttribute(service, 'trusted.delegate', '1');
      const said = execFileSync(process.execPath, [program, service, instance.prefix], { encoding: 'utf8' });
      const { first, again, own } = JSON.parse(said) as Delegated;
      expect(first.v2).to.equal(`${service}/${instance.cgroupName}`);
      expect(again).to.deep.equal(first);
      expect(first.v2Controllers).to.have.members(
        control(`${service}/cgroup.controllers`).split(' ').filter(Boolean),
      );
      const moved = first.v2Controllers.length > 0;
      expect(own.endsWith(moved ? '.service/supervisor' : '.service')).to.equal(true);
    } finally {
      await removeCgroup([service]);
    }
  });
});
