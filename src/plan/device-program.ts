/** One instruction of eBPF. bpf(2), RFC 9669. */
export interface Instruction {
  readonly code: number;
  readonly to: number;
  readonly from: number;
  /** Of a jump: instructions to leave out; of a load: bytes from where the register points. */
  readonly offset: number;
  readonly immediate: number;
}

const LOAD_WORD = 0x61;
const SET = 0xb7;
const COPY = 0xbf;
const AND = 0x57;
const SHIFT_RIGHT = 0x77;
const JUMP_UNLESS_EQUAL = 0x55;
const EXIT = 0x95;

/** Registers: what is returned, the kernel's question, and its parts. */
const [RESULT, QUESTION, TYPE, ACCESS, MAJOR, MINOR] = [0, 1, 2, 3, 4, 5];

/** linux/bpf.h: BPF_DEVCG_DEV_BLOCK and _CHAR; BPF_DEVCG_ACC_MKNOD, _READ and _WRITE. */
const types: Readonly<Record<string, number>> = { b: 1, c: 2 };
const rights: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ALL = 7;

const make = (
  code: number,
  to: number,
  { from = 0, offset = 0, immediate = 0 }: Partial<Instruction> = {},
): Instruction => ({ code, to, from, offset, immediate });

/** Tests that all have to hold; the first that doesn't leads behind `then`. */
function when(
  tests: readonly (readonly [register: number, value: number])[],
  then: readonly Instruction[],
): readonly Instruction[] {
  return [
    ...tests.map(([register, immediate], index) =>
      make(JUMP_UNLESS_EQUAL, register, { immediate, offset: tests.length - index - 1 + then.length }),
    ),
    ...then,
  ];
}

const answer = (immediate: number): readonly Instruction[] => [
  make(SET, RESULT, { immediate }),
  make(EXIT, RESULT),
];

/** Yes, unless what is asked for goes beyond the rule. */
function permit(allowed: number): readonly Instruction[] {
  const beyond = [make(COPY, RESULT, { from: ACCESS }), make(AND, RESULT, { immediate: ALL & ~allowed })];
  return [...beyond, ...when([[RESULT, 0]], answer(1))];
}

/**
 * The program of type BPF_PROG_TYPE_CGROUP_DEVICE that lets processes of a cgroup do what the rules say and nothing
 * else. It is asked with struct bpf_cgroup_dev_ctx (linux/bpf.h) and answers 1 for yes.
 * @param rules as devices.allow of cgroup v1 takes them: "c 136:* rw"; "*" stands for a minor number only
 * @throws Error for a rule that is none
 */
export function deviceProgram(rules: readonly string[]): readonly Instruction[] {
  return [
    make(LOAD_WORD, TYPE, { from: QUESTION }),
    make(COPY, ACCESS, { from: TYPE }),
    make(AND, TYPE, { immediate: 0xffff }),
    make(SHIFT_RIGHT, ACCESS, { immediate: 16 }),
    make(LOAD_WORD, MAJOR, { from: QUESTION, offset: 4 }),
    make(LOAD_WORD, MINOR, { from: QUESTION, offset: 8 }),
    ...rules.flatMap(ruleInstructions),
    ...answer(0),
  ];
}

function ruleInstructions(rule: string): readonly Instruction[] {
  const [, type = '', major, minor, access = ''] = /^([bc]) (\d+):(\d+|\*) ([rwm]+)$/.exec(rule) ?? [];
  if (major === undefined) throw new Error(`no rule for a device: ${rule}`);
  const allowed = [...access].reduce((mask, right) => mask | (rights[right] ?? 0), 0);
  return when(
    [
      [TYPE, types[type] ?? 0],
      [MAJOR, Number(major)],
      ...(minor === '*' ? [] : ([[MINOR, Number(minor)]] as const)),
    ],
    permit(allowed),
  );
}
