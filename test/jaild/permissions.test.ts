import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

/** What a program in a jail tries, and how it goes in a jail without a parameter and in one with it. */
interface Case {
  readonly parameter: string;
  /** Beside the parameter, in both jails. */
  readonly beside?: string;
  readonly tries: readonly string[];
  readonly without: string;
  readonly with: string;
}

const case_ = (parameter: string, tries: string, without: string, withIt: string, beside = ''): Case => ({
  parameter,
  beside,
  tries: tries.split(' '),
  without,
  with: withIt,
});

const hostRoot = 'userns = off;';
const same = (tries: string, answer: string): string =>
  tries
    .split(' ')
    .map((one) => `${one} ${answer}`)
    .join('\n');

const cases: readonly Case[] = [
  case_('allow.raw_sockets', 'open_raw_socket', 'open_raw_socket EPERM', 'open_raw_socket yes'),
  case_(
    'allow.reserved_ports = false',
    'bind_reserved_port',
    'bind_reserved_port yes',
    'bind_reserved_port EACCES',
  ),
  case_('allow.routing', 'add_route', 'add_route EPERM', 'add_route yes'),
  case_('allow.suser = false', 'become_other', 'become_other yes', 'become_other EPERM'),
  case_('allow.mlock', 'lock_memory', 'lock_memory ENOMEM', 'lock_memory yes'),
  case_('allow.chflags', 'set_immutable', 'set_immutable EPERM', 'set_immutable yes', hostRoot),
  case_(
    'allow.settime',
    'set_clock adjust_clock',
    same('set_clock adjust_clock', 'EPERM'),
    same('set_clock adjust_clock', 'yes'),
    hostRoot,
  ),
  case_(
    'allow.adjtime',
    'set_clock adjust_clock',
    same('set_clock adjust_clock', 'EPERM'),
    'set_clock EPERM\nadjust_clock yes',
    hostRoot,
  ),
  case_('allow.setaudit', 'send_audit', 'send_audit EAFNOSUPPORT', 'send_audit yes', hostRoot),
  case_('allow.read_msgbuf', 'read_messages', 'read_messages EPERM', 'read_messages yes', hostRoot),
  case_(
    'allow.socket_af',
    'open_packet_socket',
    'open_packet_socket EAFNOSUPPORT',
    'open_packet_socket yes',
    'allow.raw_sockets;',
  ),
  // The kernel lets root of a user namespace set no such flags, and the parameter says so.
  case_('allow.chflags', 'set_immutable', 'set_immutable EPERM', 'set_immutable EPERM'),
  case_('allow.unprivileged_proc_debug = false', 'trace', 'trace yes', 'trace EPERM'),
  case_(
    'allow.vmm',
    'open_kvm',
    'open_kvm ENOENT',
    existsSync('/dev/kvm') ? 'open_kvm yes' : 'open_kvm ENOENT',
  ),
  case_(
    'allow.nosysvipc',
    'make_messages make_semaphores make_memory',
    same('make_messages make_semaphores make_memory', 'yes'),
    same('make_messages make_semaphores make_memory', 'ENOSYS'),
  ),
  case_(
    'sysvmsg = disable',
    'make_messages make_memory',
    same('make_messages make_memory', 'yes'),
    'make_messages ENOSYS\nmake_memory yes',
  ),
  case_(
    'securelevel = 1',
    'set_immutable',
    'set_immutable yes',
    'set_immutable EPERM',
    `${hostRoot} allow.chflags;`,
  ),
  case_('securelevel = 2', 'set_clock', 'set_clock yes', 'set_clock EPERM', `${hostRoot} allow.settime;`),
  case_(
    'securelevel = 1',
    'load_module',
    'load_module yes',
    'load_module EPERM',
    `${hostRoot} caps.add = sys_module;`,
  ),
  case_(
    'children.max = 3',
    'count_children mount_in_child mount_here uncover_in_child',
    '0 count_children yes\nmount_in_child EPERM\nmount_here EPERM\nuncover_in_child EPERM',
    '3 count_children yes\nmount_in_child yes\nmount_here EPERM\nuncover_in_child EINVAL',
  ),
];

describe('a permission', () => {
  // A soft limit below the hard one: here nobody may raise the latter.
  const instance = new TestInstance(['prlimit', '--memlock=65536:8388608']);
  const tryIn = (jail: string, tries: readonly string[]): string =>
    instance.ctl('exec', jail, '--', 'may', ...tries).stdout.trim();

  before(async () => {
    installProgram(instance.root, 'may');
    const jails = cases.map(
      ({ parameter, beside = '' }, n) => `without${n} { ${beside} } with${n} { ${beside} ${parameter}; }`,
    );
    instance.configure(`path = "$root"; command = "/bin/sleep 1000";\n${jails.join('\n')}`);
    await instance.start();
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
  });

  after(() => instance.close());

  it('to make namespaces lets unshare(1) do it, and nobody without it', () => {
    const index = cases.findIndex(({ parameter }) => parameter.startsWith('children.max'));
    const unshare = (jail: string): string =>
      instance.ctl('exec', jail, '--', 'sh', '-c', 'unshare -Ur id -u 2>&1').stdout.trim();
    expect(unshare(`without${index}`)).to.match(/not permitted/);
    expect(unshare(`with${index}`)).to.equal('0');
  });

  for (const [n, { parameter, beside, tries, ...expected }] of cases.entries()) {
    const title = beside === '' ? parameter : `${parameter} beside ${beside}`;
    it(`is not there without ${title}`, () => {
      expect(tryIn(`without${n}`, tries)).to.equal(expected.without);
    });
    it(`is there with ${title}`, () => {
      expect(tryIn(`with${n}`, tries)).to.equal(expected.with);
    });
  }
});
