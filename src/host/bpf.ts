import { endianness } from 'node:os';
import type { Instruction } from '../plan/device-program.js';
import { addressOf } from './libc/bind.js';
import { closeFd } from './libc/descriptors.js';
import { bpf } from './libc/kernel.js';

/*
 * Programs of type BPF_PROG_TYPE_CGROUP_DEVICE: linux/bpf.h has the numbers, bpf(2) and
 * Documentation/bpf/prog_cgroup_sockopt.rst and its neighbours what they mean.
 */
const [LOAD, ATTACH, OPEN_BY_ID, DESCRIBE, QUERY] = [5, 8, 13, 15, 16];
const PROGRAM_TYPE = 15;
const ATTACH_TYPE = 6;
/** Others above and below may have programs of their own: all of them have to say yes. */
const ALLOW_MULTI = 2;
const TAG_OFFSET = 8;
const TAG_SIZE = 8;
/** More programs than the kernel lets one cgroup have. */
const MOST_PROGRAMS = 64;

/** A union bpf_attr: the words by their index, then the 64-bit ones by theirs. */
function attributes(
  words: Readonly<Record<number, number>>,
  addresses: Readonly<Record<number, Uint8Array>> = {},
): Uint8Array & { readonly words: Uint32Array } {
  const long = new BigUint64Array(16);
  const whole = new Uint32Array(long.buffer);
  for (const [index, bytes] of Object.entries(addresses)) long[Number(index)] = addressOf(bytes);
  for (const [index, word] of Object.entries(words)) whole[Number(index)] = word;
  return Object.assign(new Uint8Array(long.buffer), { words: whole });
}

/** struct bpf_insn of this machine. */
function encode(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8));
  const little = endianness() === 'LE';
  for (const [index, { code, to, from, offset, immediate }] of program.entries()) {
    const at = index * 8;
    bytes.setUint8(at, code);
    bytes.setUint8(at + 1, little ? to | (from << 4) : (to << 4) | from);
    bytes.setInt16(at + 2, offset, little);
    bytes.setInt32(at + 4, immediate, little);
  }
  return new Uint8Array(bytes.buffer);
}

/** Gives the kernel a program that decides about devices. Returns its descriptor. Throws SystemError. */
export function loadProgram(program: readonly Instruction[]): number {
  const instructions = encode(program);
  const license = Buffer.from('GPL\0');
  const asked = attributes({ 0: PROGRAM_TYPE, 1: program.length }, { 1: instructions, 2: license });
  return bpf('device program', LOAD, asked);
}

/** Has a program asked about all of a cgroup's processes, for as long as the cgroup is there. Throws SystemError. */
export function attachProgram(cgroup: number, program: number, path: string): void {
  bpf(path, ATTACH, attributes({ 0: cgroup, 1: program, 2: ATTACH_TYPE, 3: ALLOW_MULTI }));
}

/** By what the kernel knows a program's instructions again: the same ones have the same tag. Throws SystemError. */
export function tagOf(program: number): string {
  const description = new Uint8Array(128);
  bpf('device program', DESCRIBE, attributes({ 0: program, 1: description.length }, { 1: description }));
  return Buffer.from(description.subarray(TAG_OFFSET, TAG_OFFSET + TAG_SIZE)).toString('hex');
}

/** The tags of the programs that a cgroup itself has. Throws SystemError. */
export function attachedTags(cgroup: number, path: string): readonly string[] {
  const ids = new Uint32Array(MOST_PROGRAMS);
  const asked = attributes({ 0: cgroup, 1: ATTACH_TYPE, 6: ids.length }, { 2: new Uint8Array(ids.buffer) });
  bpf(path, QUERY, asked);
  return [...ids.subarray(0, asked.words[6])].map((id) => {
    const program = bpf(`program ${id}`, OPEN_BY_ID, attributes({ 0: id }));
    try {
      return tagOf(program);
    } finally {
      closeFd(program);
    }
  });
}
