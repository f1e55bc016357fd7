import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('jails on a bridge of the host', () => {
  const instance = new TestInstance();
  const ask = (jail: string, address: string): string =>
    instance.ctl('exec', jail, '--', 'wget', '-qO-', `http://${address}/passwd`).stdout.split(':')[0] ?? '';
  const ip = (...words: readonly string[]): string => instance.onHost('ip', ...words).stdout;

  before(async () => {
    instance.configure(`
      * { path = "$root"; allow.raw_sockets; bridge = br9; command = "/bin/httpd -f -p 80 -h /etc"; gateway = 10.79.0.1; }
      a { ip4.addr = 10.79.0.2/24; ip6.addr = "fd79::2/64"; mac = 02:00:5e:00:53:01; }
      b { ip4.addr = 10.79.0.3/24; ip6.addr = "fd79::3/64"; mtu = 1300; }
      c { ip4.addr = 10.79.0.4/24; isolate; }
      d { ip4.addr = 10.79.0.5/24; isolate; }
      taken { ip4.addr = 10.79.0.9/24; }
      lost { bridge = br8; ip4.addr = 10.79.0.6/24; }
    `);
    await instance.start();
    for (const words of ['add br9 type bridge', 'set br9 up']) ip('link', ...words.split(' '));
    for (const address of ['10.79.0.1/24', '10.79.0.9/24']) ip('addr', 'add', address, 'dev', 'br9');
    const answer = instance.ctl('start', 'a', 'b', 'c', 'd');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
    for (const [jail, address] of [
      ['a', '10.79.0.3'],
      ['b', '10.79.0.2'],
    ] as const)
      await instance.until(`a server at ${address}`, () => ask(jail, address) === 'root');
  });

  after(() => instance.close());

  it('reach each other and the host, over IPv4 and IPv6', () => {
    expect([ask('a', '10.79.0.3'), ask('b', '[fd79::2]'), ask('c', '10.79.0.2')]).to.deep.equal([
      'root',
      'root',
      'root',
    ]);
    expect(instance.onHost('curl', '-sS', '-m', '30', 'http://10.79.0.2/passwd').stdout).to.match(/^root:/);
  });

  it('have the hardware address and MTU that are written', () => {
    const link = (jail: string): string =>
      instance.ctl('exec', jail, '--', 'ip', 'link', 'show', 'eth0').stdout;
    expect([link('a'), link('b')]).to.satisfy(
      ([a, b]: [string, string]) => a.includes('ether 02:00:5e:00:53:01') && b.includes('mtu 1300'),
    );
  });

  it('exchange nothing when both are isolated', () => {
    const ping = (from: string, to: string, seconds: number): number | null =>
      instance.ctl('exec', from, '--', 'ping', '-c', '1', '-W', String(seconds), to).code;
    expect([ping('c', '10.79.0.5', 1), ping('d', '10.79.0.4', 1)]).to.deep.equal([1, 1]);
    expect([ping('c', '10.79.0.2', 30), ping('d', '10.79.0.1', 30)]).to.deep.equal([0, 0]);
  });

  it('are refused an address of the host, and a bridge that is not there', () => {
    expect(instance.ctl('start', 'taken').stderr).to.match(
      /attach 10\.79\.0\.9: Address already in use\nhint: it is an address of this host, on br9/i,
    );
    expect(instance.ctl('start', 'lost').stderr).to.match(
      /bridge br8: No such device\nhint: this host has br9; bridge\.subnet = auto has it made/i,
    );
  });

  it('stop without a word when the bridge is deleted, or their link, and leave nothing', () => {
    ip('link', 'delete', 'br9');
    const link = /jl[0-9a-f]{12}/.exec(ip('-o', 'link'))?.[0] ?? '';
    ip('link', 'delete', link);
    const { code, stderr } = instance.ctl('stop', '-a');
    expect([code, stderr]).to.deep.equal([0, '']);
    expect(ip('-o', 'link').trim().split('\n')).to.have.lengthOf(1);
  });
});
