import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('a jail with addresses', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(`
      * { path = "$root"; allow.raw_sockets; }
      a { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; command = "/bin/httpd -f -p 80 -h /etc"; }
      b { ip4.addr = 10.77.0.3/24; ip6.addr = "fd77::3"; command = "/bin/sleep 1000"; }
      none { command = "/bin/sleep 1000"; }
      twin { ip4.addr = 10.77.0.9; command = "/bin/sleep 1000"; }
      ghost { ip4.addr = "eth77|10.77.0.4"; command = "/bin/sleep 1000"; }
    `);
    await instance.start();
    const answer = instance.ctl('start', 'a', 'b', 'none');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await instance.until(
      'a serves',
      () => instance.onHost('curl', '-sS', 'http://10.77.0.2/passwd').code === 0,
    );
  });

  after(() => instance.close());

  it('is reached from the host over IPv4 and IPv6', () => {
    expect(instance.onHost('curl', '-sS', '-m', '30', 'http://10.77.0.2/passwd').stdout).to.match(/^root:/);
    expect(instance.onHost('curl', '-sS', '-m', '30', '-g', 'http://[fd77::2]/passwd').stdout).to.match(
      /^root:/,
    );
  });

  it('is reached from another jail over IPv4 and IPv6', () => {
    expect(instance.ctl('exec', 'b', '--', 'wget', '-qO-', 'http://10.77.0.2/passwd').stdout).to.match(
      /^root:/,
    );
    expect(instance.ctl('exec', 'b', '--', 'wget', '-qO-', 'http://[fd77::2]/passwd').stdout).to.match(
      /^root:/,
    );
    expect(instance.ctl('exec', 'b', '--', 'ping', '-c', '1', '-W', '30', '10.77.0.2').code).to.equal(0);
  });

  it('shows its addresses in status', () => {
    expect(instance.status('a')).to.deep.include({ ip4: ['10.77.0.2'], ip6: ['fd77::2'] });
  });

  it('has its namespace under its name', () => {
    const names = instance.onHost('ip', 'netns', 'list').stdout;
    expect(names).to.match(/^a\.[0-9a-f]{8}/m);
  });

  it('has only loopback when no address is given', () => {
    expect(instance.ctl('exec', 'none', '--', 'ls', '/sys/class/net').stdout).to.equal('lo\n');
    expect(instance.ctl('exec', 'none', '--', 'ping', '-c', '1', '127.0.0.1').code).to.equal(0);
  });

  it('is not started on an address that the host has already', () => {
    instance.onHost('ip', 'addr', 'add', '10.77.0.9/32', 'dev', 'lo');
    const { code, stderr } = instance.ctl('start', 'twin');
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/^error: twin: not started: .*10\.77\.0\.9.*: Address already in use/i)
      .and.to.match(/^hint: /m);
    expect(instance.status('twin')).to.include({ pid: null });
  });

  it('is not started on an interface that the host has not', () => {
    const { code, stderr } = instance.ctl('start', 'ghost');
    expect(code).to.equal(1);
    expect(stderr)
      .to.match(/eth77/)
      .and.to.match(/^hint: /m);
  });

  it('leaves no link and no route when it stops', () => {
    instance.ctl('stop', '-a');
    expect(instance.onHost('ip', '-o', 'link').stdout.trim().split('\n')).to.have.lengthOf(1);
    expect(instance.onHost('ip', 'route').stdout).to.equal('');
    expect(instance.onHost('ip', '-6', 'route').stdout).to.not.match(/fd77/);
  });
});
