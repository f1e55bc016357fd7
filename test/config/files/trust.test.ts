import { expect } from 'chai';
import { distrustOf } from '../../../src/config/files/trust.js';

const of = (mode: number, uid = 0, gid = 0) => ({ uid, gid, mode });
const folder = of(0o755);
const reason = (...[file, directory]: readonly ReturnType<typeof of>[]): string | null =>
  distrustOf('/etc/a.conf', file ?? of(0o644), directory ?? folder, 0)?.reason ?? null;

describe('a file that a daemon of root goes by', () => {
  it('is root’s, and written by root and its group alone', () => {
    expect([of(0o644), of(0o600), of(0o664), of(0o640, 0, 5)].map((file) => reason(file))).to.deep.equal(
      Array(4).fill(null),
    );
    expect(distrustOf('/etc/a.conf', of(0o644, 1000), folder, 0)).to.deep.equal({
      ...{ reason: 'it belongs to uid 1000', hint: 'chown root /etc/a.conf' },
    });
    expect(distrustOf('/etc/a.conf', of(0o100666), folder, 0)).to.deep.equal({
      ...{ reason: 'it is writable by everybody (mode 666)', hint: 'chmod go-w /etc/a.conf' },
    });
    expect(reason(of(0o664, 0, 50))).to.equal('it is writable by group 50 (mode 664)');
    expect(distrustOf('/etc/a.conf', of(0o644, 1000), folder, 1000)).to.equal(null);
  });

  it('lies where nobody else can put another in its place', () => {
    const file = of(0o644);
    expect(distrustOf('/etc/a.conf', file, of(0o777), 0)).to.deep.equal({
      ...{ reason: 'its directory /etc is writable by everybody (mode 777)', hint: 'chmod go-w /etc' },
    });
    expect(reason(file, of(0o755, 1000))).to.equal('its directory /etc belongs to uid 1000');
    expect([reason(file, of(0o775)), reason(file, of(0o1777))]).to.deep.equal([null, null]);
    expect(reason(file, of(0o1777, 1000))).to.equal('its directory /etc belongs to uid 1000');
  });
});
