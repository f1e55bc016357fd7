import { expect } from 'chai';
import { adviceOnX } from '../../support/advice.js';

const profiles = '/sys/kernel/security/apparmor/profiles';
const withAppArmor = { securityModules: () => ['landlock', 'apparmor'] };

describe('labels of a jail', () => {
  it('are of modules that the kernel has enabled', () => {
    expect(adviceOnX('apparmor = web; selinux = user_u:user_r:user_t:s0;')).to.deep.equal([
      '2:12 error: AppArmor is not enabled in this kernel (security modules: landlock, yama) [not-on-this-host]',
      '2:27 error: SELinux is not enabled in this kernel (security modules: landlock, yama) [not-on-this-host]',
    ]);
    expect(adviceOnX('selinux = a:b:c;', {}, { securityModules: () => ['selinux'] })).to.deep.equal([]);
  });

  it('of AppArmor are loaded, where that can be seen', () => {
    const files = { [profiles]: 'web (enforce)\n/usr/bin/man (complain)\nmy web (kill)\n' };
    const adviceOn = (label: string): readonly string[] =>
      adviceOnX(`apparmor = ${label};`, files, withAppArmor);
    expect([...adviceOn('web'), ...adviceOn('/usr/bin/man'), ...adviceOn(':ns:web')]).to.deep.equal([]);
    expect([...adviceOn('unconfined'), ...adviceOnX('apparmor = db;', {}, withAppArmor)]).to.deep.equal([]);
    expect(adviceOn('db')).to.deep.equal([
      '2:12 error: no AppArmor profile "db" is loaded [not-on-this-host]',
    ]);
  });
});
