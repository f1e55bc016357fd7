import { expect } from 'chai';
import { readPfRules } from '../../../src/config/rules/pf-rule.js';
import { compileText } from '../../support/compile-text.js';

/** LINE:COLUMN MESSAGE (HINT) of what a jail on line 2 is told of FreeBSD's network. */
const told = (body: string, name = 'web'): readonly string[] =>
  compileText(`path = /p; persist;\n${name} { ${body} }`)
    .diagnostics.filter(({ code }) => code === 'freebsd-network')
    .map(({ span, severity, message, hint }) => {
      expect(severity).to.equal('warning');
      return `${span?.line}:${span?.column} ${message} (${hint})`;
    });

const NEW = 'write bridge = NAME; in place of it, and bridge.subnet = auto; to have the bridge made';
const BRIDGE = 'write bridge = bridge0; in place of it, which makes both ends and takes them away';
const PARENT = 'write macvlan = em0; in place of it, or bridge = NAME; for a bridge that em0 is a port of';
const END = (name: string): string => `${name} is named as FreeBSD's epair, jib and jng name interfaces`;

describe('an interface of FreeBSD', () => {
  for (const name of ['epair0b', 'e0b_web', 'ng0_web', 'jail0b'])
    it(`is told what does it here: ${name}`, () => {
      expect(told(`vnet; vnet.interface = ${name};`)).to.deep.equal([`2:30 ${END(name)} (${NEW})`]);
    });
  for (const name of ['eth0', 'vnet0', 'jail0', 'enp3s0', 'veth-web'])
    it(`is none with a name that Linux may give: ${name}`, () => {
      expect(told(`vnet; vnet.interface = ${name};`)).to.deep.equal([]);
    });

  it('is told which bridge its commands name', () => {
    const commands = '"ifconfig epair0 create", "/sbin/ifconfig bridge0 addm epair0a"';
    expect(told(`vnet.interface = epair0b; exec.prestart = ${commands};`)).to.deep.equal([
      `2:24 ${END('epair0b')} (${BRIDGE})`,
      `2:49 ifconfig is of FreeBSD's network (${BRIDGE})`,
    ]);
  });

  it('is told once where a global has it for all jails', () => {
    const { diagnostics } = compileText(
      'path = /p; persist; vnet.interface = "e0b_$name"; a { } b { } c { }',
    );
    expect(diagnostics.map(({ message }) => message)).to.deep.equal([`${END('e0b_a')}, and 2 more like it`]);
  });
});

describe('a command of FreeBSD', () => {
  const cases: readonly (readonly [command: string, tool: string, hint: string])[] = [
    ['jib addm web em0', 'jib', PARENT],
    ['/usr/local/bin/jib addm -b bridge0 web !em0', 'jib', BRIDGE],
    ['jng bridge web em0', 'jng', PARENT],
    ['ngctl mkpeer em0: bridge lower link0', 'ngctl', NEW],
    ['ifconfig epair7 create up', 'ifconfig', NEW],
    [
      'ifconfig bridge0 >/dev/null || ( ifconfig bridge0 create up && ifconfig bridge0 addm em0)',
      'ifconfig',
      NEW,
    ],
    ['ifconfig bridge0 deletem e0a_web', 'ifconfig deletem', BRIDGE],
    ['pfctl -a jail_lo -f /etc/pf.web', 'pfctl', 'write nat; and rdr += \\"tcp 8080 80\\"; in place of it'],
    [
      'echo rdr on em0 proto tcp from any to any port 8080 -> 10.0.0.2 port 80 | pfctl -a web -f -',
      'pfctl',
      'write rdr += \\"tcp 8080 80 on em0\\"; in place of it',
    ],
  ];
  for (const [command, tool, hint] of cases)
    it(command, () => {
      expect(told(`exec.prestart = "${command}";`)).to.deep.equal([
        `2:23 ${tool} is of FreeBSD's network (${hint.replaceAll('\\', '')})`,
      ]);
    });

  it('is told once of each kind, also after the jail', () => {
    const body =
      'exec.prestart = "jib addm web em0", "jib show"; exec.poststop = "jib destroy web", "pfctl -F all";';
    expect(told(body)).to.deep.equal([
      `2:23 jib is of FreeBSD's network (${PARENT})`,
      `2:90 pfctl is of FreeBSD's network (write nat; and rdr += "tcp 8080 80"; in place of it)`,
    ]);
  });

  it('may go once there is the parameter that does it', () => {
    expect(told('bridge = lan; exec.prestart = "ifconfig epair0 create";')).to.deep.equal([
      `2:37 ifconfig is of FreeBSD's network (bridge = lan; makes both ends: take this out)`,
    ]);
  });

  for (const command of ['ip link add veth0 type veth', 'ifconfig eth0 up', '/opt/mypfctl x', 'echo jib'])
    it(`is none that Linux has: ${command}`, () =>
      expect(told(`exec.prestart = "${command}";`)).to.deep.equal([]));
});

describe('a rule of pf', () => {
  const cases: readonly (readonly [rule: string, ...statements: string[]])[] = [
    [
      'rdr pass on em0 inet proto udp from any to 192.0.2.1 port 53 -> 10.0.0.2',
      'rdr += "udp 192.0.2.1:53 on em0";',
    ],
    [
      'rdr pass inet6 proto tcp from 2001:db8::/32 to 2001:db8::1 port = 8000:8010 -> fd00::2 port 9000:9010',
      'rdr += "tcp [2001:db8::1]:8000-8010 9000-9010 from 2001:db8::/32";',
    ],
    ['nat on em0 from 10.0.0.0/24 to any -> (em0)', 'nat = "on em0";'],
    ['nat on $ext_if from 10.0.0.0/24 to any -> ($ext_if)', 'nat;'],
    ['block drop log quick from lo1 to !lo1', 'isolate;'],
    ['pass in all'],
  ];
  for (const [rule, ...statements] of cases)
    it(rule, () => expect(readPfRules(rule)).to.deep.equal(statements));
});
