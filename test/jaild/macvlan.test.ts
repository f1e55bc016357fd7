import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('a jail with a macvlan', () => {
  const instance = new TestInstance();
  const ip = (...words: readonly string[]): string => instance.onHost('ip', ...words).stdout;
  const neighbour = (...argv: readonly string[]) => instance.onHost('ip', 'netns', 'exec', name, ...argv);
  const name = `neighbour-${process.pid}`;

  before(async () => {
    instance.configure(`
      * { path = "$root"; macvlan = lan0; restart = no; }
      a { ip4.addr = 10.80.0.2/24; ip6.addr = "fd80::2/64"; command = "/bin/httpd -f -p 80 -h /etc"; }
      b { ip4.addr = 10.80.0.3/24; command = "/bin/sleep 1000"; }
      lost { macvlan = lan9; ip4.addr = 10.80.0.4/24; command = "/bin/sleep 1000"; }
    `);
    await instance.start();
    instance.onHost('ip', 'netns', 'add', name);
    ip('link', 'add', 'lan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('link', 'set', 'lan0', 'up');
    neighbour('ip', 'addr', 'add', '10.80.0.9/24', 'dev', 'eth0');
    neighbour('ip', 'addr', 'add', 'fd80::9/64', 'dev', 'eth0', 'nodad');
    neighbour('ip', 'link', 'set', 'eth0', 'up');
    const answer = instance.ctl('start', 'a', 'b');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    await instance.until('it serves', () => neighbour('curl', '-sS', 'http://10.80.0.2/passwd').code === 0);
  });

  after(async () => {
    instance.onHost('ip', 'netns', 'delete', name);
    await instance.close();
  });

  it('is reached by a neighbour on the wire and by another jail on it', () => {
    const get = (url: string): string =>
      neighbour('curl', '-gsS', '-m', '30', url).stdout.split(':')[0] ?? '';
    expect([get('http://10.80.0.2/passwd'), get('http://[fd80::2]/passwd')]).to.deep.equal(['root', 'root']);
    expect(instance.ctl('exec', 'b', '--', 'wget', '-qO-', 'http://10.80.0.2/passwd').stdout).to.match(
      /^root:/,
    );
  });

  it('has its hardware address again when it starts at once after it has stopped', () => {
    const mac = (): string | undefined =>
      /ether (\S+)/.exec(instance.ctl('exec', 'b', '--', 'ip', 'link', 'show', 'eth0').stdout)?.[1];
    const before = mac();
    expect([instance.ctl('restart', 'b').stderr, mac()]).to.deep.equal(['', before]);
  });

  it('is refused on an interface that is not there', () => {
    expect(instance.ctl('start', 'lost').stderr).to.match(
      /interface lan9: No such device\nhint: this host has lo, lan0/i,
    );
  });

  it('runs on without it when the interface is deleted, and stops without a word', () => {
    ip('link', 'delete', 'lan0');
    expect(instance.ctl('exec', 'b', '--', 'ls', '/sys/class/net').stdout).to.equal('lo\n');
    const { code, stderr } = instance.ctl('stop', '-a');
    expect([code, stderr]).to.deep.equal([0, '']);
  });
});
