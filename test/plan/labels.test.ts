import { expect } from 'chai';
import type { Jail } from '../../src/config/jail.js';
import type { JailParams } from '../../src/config/params.js';
import { PlanError } from '../../src/plan/error.js';
import type { HostFacts } from '../../src/plan/facts.js';
import { labelRecords } from '../../src/plan/labels.js';

const records = (values: JailParams, securityModules?: readonly string[]) =>
  labelRecords({ name: 'web', values } as Jail, { securityModules } as HostFacts);

describe('the labels of a jail', () => {
  it('are told to the jailer, where there are any', () => {
    expect(records({})).to.deep.equal([]);
    expect(records({ apparmor: 'web' }, ['landlock', 'apparmor'])).to.deep.equal([['apparmor', 'web']]);
    expect(records({ selinux: 'a:b:c:s0:c1,c2' }, ['selinux'])).to.deep.equal([
      ['selinux', 'a:b:c:s0:c1,c2'],
    ]);
  });

  it('keep a jail from starting on a host that has none', () => {
    expect(() => records({ apparmor: 'web' }, ['yama'])).to.throw(
      PlanError,
      'apparmor web: AppArmor is not enabled in this kernel (security modules: yama)',
    );
    expect(() => records({ selinux: 'a:b:c' })).to.throw('SELinux is not enabled');
  });
});
