import { expect } from 'chai';
import { markReach, markReachBeside, reachOf, reachOfPlan } from '../../src/plan/reach.js';
import type { JailPlan } from '../../src/plan/step.js';

const entry = (source: string, type: string, ...options: string[]) => ({
  ...{ source, type, options, target: '/jails/a/mnt' },
});

describe('where a jail may lay links', () => {
  it('is its root and what it is given to write to', () => {
    const mount = [
      entry('/srv/data/', 'nullfs', 'rw'),
      entry('/srv/read', 'nullfs', 'ro'),
      entry('tmpfs', 'tmpfs', 'rw'),
    ];
    expect(reachOf({ path: '/jails//a/./', mount }, [entry('/srv/more', 'none')])).to.deep.equal([
      ...['/jails/a', '/srv/data', '/srv/more'],
    ]);
    expect(reachOf({ path: '/' })).to.deep.equal([]);
    expect(reachOf({})).to.deep.equal([]);
  });

  it('is found in the plan of one that runs', () => {
    const plan: JailPlan = {
      ...{ begin: [], poststart: [], stop: [], poststop: [], release: [], cgroups: [], log: null },
      ...{ startTimeout: 1, stopTimeout: 1 },
      prepare: [
        {
          name: 'jailer.spawn',
          args: {
            rundir: '/r',
            records: [
              ['root', '/jails//a/inner', 'rec'],
              ['mount', 'bind', '/srv/data', 'mnt', 'nosuid,nodev'],
              ['mount', 'bind', '/sys', 'sys', 'create,ro'],
              ['mount', 'tmpfs', 'tmpfs', 'dev', ''],
            ],
          },
        },
      ],
    };
    expect(reachOfPlan(plan)).to.deep.equal(['/jails/a/inner', '/srv/data']);
  });
});

describe('a path of the host', () => {
  const reach = new Set(['/jails/a', '/jails/a/inner', '/srv/data']);

  it('has a double slash where links end', () => {
    const marked = (path: string): string => markReach(path, reach);
    expect(marked('/jails/a/var/log/b.log')).to.equal('/jails/a//var/log/b.log');
    expect(marked('/jails/a/inner/x')).to.equal('/jails/a//inner/x');
    expect(marked('/jails//a/./inner//x/')).to.equal('/jails/a//inner/x');
    expect(marked('/srv/data/x')).to.equal('/srv/data//x');
  });

  it('has none where no jail reaches, nor at the directory itself', () => {
    for (const path of ['/jails/a', '/jails/ab/c', '/jails', '/', '/srv/database', '/etc/passwd'])
      expect(markReach(path, reach)).to.equal(path);
    expect(markReach('/jails//a/x', undefined)).to.equal('/jails/a/x');
  });

  it('has none in the jail’s own root, but in one that lies in another’s', () => {
    expect(markReachBeside('/jails/a/x', '/jails/a/', reach)).to.equal('/jails/a/x');
    expect(markReachBeside('/jails/a/inner/x', '/jails/a/inner', reach)).to.equal('/jails/a//inner/x');
    expect(markReachBeside('/srv/data/x', '/jails/a', reach)).to.equal('/srv/data//x');
  });
});
