import { expect } from 'chai';
import { compile } from '../../src/config/compile.js';
import type { Jail } from '../../src/config/jail.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { planJail } from '../../src/plan/jail.js';
import { isWhatIsPlanned, standingOf, type Standing } from '../../src/plan/standing.js';
import type { JailPlan } from '../../src/plan/step.js';
import { hostFacts as facts } from '../support/host-facts.js';

const NETNS = '/run/netns/web';
const usual = 'ip4.addr = 10.0.0.2; net.egress.max = 1M; isolate; command = "/bin/x";';

function jailOf(text: string): Jail {
  const source = `web { path = /j/web; ${text} }`;
  const [jail] = compile(['/etc/jail.conf'], { readFile: () => source, glob: () => [] }).jails;
  if (jail === undefined) throw new Error('no jail in the text');
  return jail;
}

const planOf = (jail: Jail, more: Partial<HostFacts> = {}): JailPlan =>
  planJail(jail, { ...facts, ...more }, { foreground: false, terminal: false });

function leftBy(text: string): Standing | null {
  const jail = jailOf(text);
  return standingOf(jail, planOf(jail));
}

/** Whether a life of this jail can take up what one of the usual jail has left. */
function isTakenUp(text: string, more: Partial<HostFacts> = {}): boolean {
  const left = leftBy(usual);
  const jail = jailOf(text);
  return left !== null && isWhatIsPlanned(left, jail, planOf(jail, { standingNetns: NETNS, ...more }));
}

describe('what a life of a jail leaves', () => {
  it('is the steps of its network, in their order, and what its namespaces were made by', () => {
    const left = leftBy(usual);
    expect(left?.netns).to.equal(NETNS);
    expect(left?.steps.map(({ name }) => name)).to.deep.equal([
      'netns.name',
      'network.attach',
      'network.limit',
      'firewall.set',
    ]);
    const keys = new Set(left?.records.map(([key]) => key));
    expect([...keys]).to.deep.equal(['namespaces', 'uid_map', 'gid_map', 'sysctl', 'rlimit']);
  });

  it('is nothing where the network is the host’s', () => {
    expect(leftBy('ip4 = inherit; command = "/bin/x";')).to.equal(null);
  });

  for (const text of [
    'vnet;',
    'allow.routing;',
    'caps.add = sys_admin;',
    'seccomp = off;',
    'exec.created = "/bin/x";',
    'exec.poststart = "/bin/x";',
  ])
    it(`is nothing with ${text}`, () => expect(leftBy(`${usual} ${text}`)).to.equal(null));

  it('is named to the jailer of the next one, which makes all namespaces but two', () => {
    const spawn = planOf(jailOf(usual), { standingNetns: NETNS }).prepare.find(
      (step) => step.name === 'jailer.spawn',
    );
    const records = spawn?.args.records.filter(([key]) => key === 'netns' || key === 'namespaces');
    expect(records).to.deep.equal([
      ['namespaces', 'mount,uts,ipc,pid,cgroup,net,user,time'],
      ['netns', NETNS],
    ]);
  });
});

describe('a jail that is planned again', () => {
  it('takes up what stands when nothing of it has changed, whatever else has', () => {
    expect(isTakenUp(usual)).to.equal(true);
    expect(
      isTakenUp(`${usual} exec.start = "/bin/y"; memory.max = 64M;`, { launch: 'f'.repeat(32) }),
    ).to.equal(true);
  });

  for (const [what, text] of [
    ['address', usual.replace('10.0.0.2', '10.0.0.3')],
    ['limit of its link', usual.replace('1M', '2M')],
    ['packet filter', usual.replace('isolate;', '')],
    ['quota', `${usual} children.max = 3;`],
    ['limit that its user namespace was made under', `${usual} rlimit.memlock = 1M;`],
    ['network of the host’s', 'ip4 = inherit; command = "/bin/x";'],
  ] as const)
    it(`does not with another ${what}`, () => expect(isTakenUp(text)).to.equal(false));

  it('does not with other users', () => {
    expect(isTakenUp(usual, { uidBase: 1_200_000_000 })).to.equal(false);
    expect(isTakenUp(usual, { uidBase: null })).to.equal(false);
  });
});
