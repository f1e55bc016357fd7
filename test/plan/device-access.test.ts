import { expect } from 'chai';
import type { JailParams } from '../../src/config/params.js';
import { deviceRules, deviceSteps } from '../../src/plan/device-access.js';
import { deviceProgram, type Instruction } from '../../src/plan/device-program.js';
import { PlanError } from '../../src/plan/error.js';
import type { CgroupFacts, DeviceNumbers, HostFacts } from '../../src/plan/facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { hostFacts } from '../support/host-facts.js';

const harmless = ['1:3', '1:5', '1:7', '1:8', '1:9', '5:0', '5:2', '136:*'].map((device) => `c ${device} rw`);
const devices = new Map<string, DeviceNumbers>([
  ['/dev/kvm', { type: 'c', numbers: '10:232' }],
  ['/dev/sda', { type: 'b', numbers: '8:0' }],
]);

interface Question {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: number;
}
const [MKNOD, READ, WRITE] = [1, 2, 4];

/** The operations of eBPF that a program may be made of, by their codes (RFC 9669). */
const operations: Readonly<Record<number, (old: number, from: number, immediate: number) => number>> = {
  0xb7: (_old, _from, immediate) => immediate,
  0xbf: (_old, from) => from,
  0x57: (old, _from, immediate) => old & immediate,
  0x77: (old, _from, immediate) => old >>> immediate,
};

/** What the kernel would be answered: an interpreter that knows nothing but what the kernel's own knows. */
function ask(program: readonly Instruction[], { type, major, minor, access }: Question): number {
  const question = [(access << 16) | (type === 'b' ? 1 : 2), major, minor];
  const registers = new Array<number>(11).fill(NaN);
  for (let at = 0; at < program.length; at++) {
    const { code, to, from, offset, immediate } = program[at] ?? expect.fail('it runs out of the program');
    if (code === 0x95) return registers[0] ?? NaN;
    if (code === 0x61) registers[to] = question[offset / 4] ?? expect.fail('it reads beyond the question');
    else if (code === 0x55) at += registers[to] === immediate ? 0 : offset;
    else {
      const operation = operations[code] ?? expect.fail(`unknown instruction ${code}`);
      registers[to] = operation(registers[to] ?? NaN, registers[from] ?? NaN, immediate);
    }
  }
  return expect.fail('it does not end');
}

describe('the devices that a jail’s cgroup lets it use', () => {
  it('are the harmless ones when nothing is asked for', () => {
    expect(deviceRules({}, {})).to.deep.equal(harmless);
  });

  it('are those of devices and allow.vmm as well, with their rights', () => {
    const given = (values: JailParams): readonly string[] =>
      deviceRules(values, { devices }).slice(harmless.length);
    const disk = (read: boolean, write: boolean) => ({ devices: [{ path: '/dev/sda', read, write }] });
    expect(given({ 'allow.vmm': true, ...disk(true, true) })).to.deep.equal(['c 10:232 rw', 'b 8:0 rw']);
    expect([given(disk(true, false)), given(disk(false, false))]).to.deep.equal([['b 8:0 r'], []]);
    expect(given({ securelevel: 2, ...disk(true, true) })).to.deep.equal(['b 8:0 r']);
  });
});

describe('the program of a device cgroup', () => {
  const program = deviceProgram([...harmless, 'b 8:0 r']);
  const may = (type: 'b' | 'c', major: number, minor: number, access: number): boolean =>
    ask(program, { type, major, minor, access }) === 1;

  it('lets through what a rule names, whatever part of its rights is asked for', () => {
    for (const access of [0, READ, WRITE, READ | WRITE])
      for (const [major, minor] of [
        [1, 3],
        [1, 9],
        [5, 2],
        [136, 0],
        [136, 1_000_000],
      ] as const)
        expect(may('c', major, minor, access), `${major}:${minor} ${access}`).to.equal(true);
    expect(may('b', 8, 0, READ)).to.equal(true);
  });

  it('refuses every other device, type and right, and to make a node of any', () => {
    expect(may('c', 1, 3, MKNOD)).to.equal(false);
    expect(may('c', 1, 3, MKNOD | READ)).to.equal(false);
    expect([may('b', 8, 0, WRITE), may('b', 8, 0, READ | WRITE), may('b', 8, 1, READ)]).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect([
      may('b', 1, 3, READ),
      may('c', 8, 0, READ),
      may('c', 1, 1, READ),
      may('c', 137, 0, READ),
    ]).to.deep.equal([false, false, false, false]);
    for (let number = 0; number < 300; number++)
      for (const type of ['b', 'c'] as const)
        expect(may(type, number, 255, READ), `${type} ${number}:255`).to.equal(
          type === 'c' && number === 136,
        );
  });

  it('takes no rule that it does not understand', () => {
    for (const rule of ['a', 'a *:* rwm', 'c *:* rw', 'c 1:3', 'c 1:3 x'])
      expect(() => deviceProgram([rule])).to.throw(Error, `no rule for a device: ${rule}`);
  });
});

describe('the step that holds back devices', () => {
  const facts = (cgroups: CgroupFacts, uidBase: number | null = 65_536): HostFacts => ({
    ...hostFacts,
    instance: instanceBelow('/p'),
    cgroups,
    uidBase,
  });
  const hybrid = { v1: { devices: '/cg/devices/jaild' }, v2: '/cg/unified/jaild', v2Controllers: [] };
  const steps = (cgroups: CgroupFacts, values: JailParams = {}, uidBase?: number | null) =>
    deviceSteps({ name: 'web', values }, facts(cgroups, uidBase));
  const step = (version: 1 | 2, cgroup: string) => [
    { name: 'devices.limit', args: { version, cgroup, rules: harmless } },
  ];

  it('is about one of both versions of cgroups', () => {
    expect(steps({ ...hybrid, deviceAccess: 2 })).to.deep.equal(step(2, '/cg/unified/jaild/web'));
    expect(steps({ ...hybrid, deviceAccess: 1 })).to.deep.equal(step(1, '/cg/devices/jaild/web'));
    expect(steps({ ...hybrid, deviceAccess: null })).to.deep.equal([]);
  });

  it('may be missing where the host can’t, unless root could make itself a node of a disk', () => {
    const none = { ...hybrid, deviceAccess: null };
    const mknod = { userns: 'off', 'caps.add': ['mknod'] } as const;
    expect(steps(none, { userns: 'off' }, null)).to.deep.equal([]);
    expect(steps(none, { 'caps.add': ['mknod'] })).to.deep.equal([]);
    expect(() => steps(none, mknod, null)).to.throw(
      PlanError,
      'userns off: with mknod it could use every disk',
    );
  });
});
