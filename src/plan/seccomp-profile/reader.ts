import { capabilityNames } from '../../config/values/isolation.js';
import type { Json } from './json.js';
import { ObjectReader, type Found } from './object.js';
import type { Circumstances, Condition, Profile, ProfileRule } from './profile.js';
import { actions, architectureOf, errnoOf, idleFlags, operators, refusedActions } from './words.js';

const profileMembers = [
  ...['defaultAction', 'defaultErrnoRet', 'defaultErrno', 'archMap', 'architectures', 'flags'],
  ...['syscalls', 'listenerPath', 'listenerMetadata', 'comment'],
];
const ruleMembers = [
  ...['names', 'name', 'action', 'errnoRet', 'errno', 'args', 'includes', 'excludes', 'comment'],
];

const UINT64_MAX = 0xffff_ffff_ffff_ffffn;
const ERRNO_MAX = 4095n;
const EPERM = 1n;
const CALL = /^[a-z_][a-z0-9_]*$/i;

/** Reads the parts of a profile; what is wrong with them is in `mistakes`. */
export class ProfileReader extends ObjectReader {
  profile(json: Json): Profile {
    const root: Found = { json, path: '' };
    const isObject = this.object(root, profileMembers);
    if (isObject) this.#refuseWhatNobodyDoes(root);
    return {
      defaultAction: isObject ? this.#action(root, 'defaultAction', 'defaultErrnoRet', 'defaultErrno') : '',
      architectures: this.#architectures(root, 'architectures'),
      architectureMap: this.#architectureMap(root),
      rules: this.items(root, 'syscalls').map((found) => this.#rule(found)),
    };
  }

  #refuseWhatNobodyDoes(root: Found): void {
    for (const name of ['listenerPath', 'listenerMetadata']) {
      const found = this.member(root, name);
      if (found !== null) this.refuse(found, 'nobody listens to the calls of a jail but its jailer');
    }
    for (const { value, found } of this.strings(root, 'flags'))
      if (!idleFlags.includes(value))
        this.refuse(found, `${value} is not done; ${idleFlags.join(' and ')} may be there`);
    const [both, map] = [this.member(root, 'architectures'), this.member(root, 'archMap')];
    if (both !== null && map !== null)
      this.refuse(both, 'a profile has either this or archMap', 'take one of both out');
  }

  /** The action in the words of a policy; errno is EPERM where nothing else is said, as runc has it. */
  #action(of: Found, name: string, number: string, word: string): string {
    const found = this.member(of, name);
    if (found === null) {
      this.refuse(of, `${name} is missing`, `it is one of ${Object.keys(actions).join(', ')}`);
      return '';
    }
    const reason = found.json.kind === 'string' ? refusedActions[found.json.value] : undefined;
    if (reason !== undefined) {
      this.refuse(found, `${reason}: this action is not done`);
      return '';
    }
    const verb = this.word(of, name, actions) ?? '';
    const errno = this.number(of, number, ERRNO_MAX);
    const named = this.#errnoByName(of, word);
    return verb === 'errno' ? `errno ${named ?? errno ?? EPERM}` : verb;
  }

  /** Podman writes the error's name beside its number. */
  #errnoByName(of: Found, name: string): number | null {
    const found = this.member(of, name);
    const value = found === null ? null : this.string(found);
    if (found === null || value === null || value === '') return null;
    const number = errnoOf(value);
    if (number === undefined) this.refuse(found, `"${value}" is no error`);
    return number ?? null;
  }

  #architectures(of: Found, name: string): readonly string[] {
    return this.strings(of, name).flatMap(({ value, found }) => {
      const own = architectureOf(value);
      if (own === null) this.refuse(found, `"${value}" is no architecture`, 'such as SCMP_ARCH_X86_64');
      return own === null ? [] : [own];
    });
  }

  #architectureMap(root: Found): Profile['architectureMap'] {
    const map = new Map<string, readonly string[]>();
    for (const found of this.items(root, 'archMap')) {
      if (!this.object(found, ['architecture', 'subArchitectures'])) continue;
      const name = this.member(found, 'architecture');
      const value = name === null ? null : this.string(name);
      const own = value === null ? null : architectureOf(value);
      if (own === null) this.refuse(name ?? found, 'architecture is one such as SCMP_ARCH_X86_64');
      else if (!map.has(own)) map.set(own, this.#architectures(found, 'subArchitectures'));
    }
    return map;
  }

  #rule(found: Found): ProfileRule {
    const isObject = this.object(found, ruleMembers);
    return {
      names: isObject ? this.#names(found) : [],
      action: isObject ? this.#action(found, 'action', 'errnoRet', 'errno') : '',
      conditions: this.items(found, 'args').flatMap((argument) => this.#condition(argument) ?? []),
      includes: this.#circumstances(found, 'includes'),
      excludes: this.#circumstances(found, 'excludes'),
    };
  }

  #names(rule: Found): readonly string[] {
    const [one, list] = [this.member(rule, 'name'), this.member(rule, 'names')];
    if (one === null && list === null) this.refuse(rule, 'names is missing');
    if (one !== null && list !== null) this.refuse(one, 'a rule has either name or names');
    const single = one === null ? null : this.string(one);
    const all = [
      ...(one === null || single === null ? [] : [{ value: single, found: one }]),
      ...this.strings(rule, 'names'),
    ];
    for (const { value, found } of all)
      if (!CALL.test(value)) this.refuse(found, `"${value}" is no name of a system call`);
    return all.map(({ value }) => value);
  }

  #condition(found: Found): Condition | null {
    if (!this.object(found, ['index', 'value', 'valueTwo', 'op'])) return null;
    for (const name of ['index', 'op'])
      if (this.member(found, name) === null) this.refuse(found, `${name} is missing`);
    const index = this.number(found, 'index', 5n);
    const value = this.number(found, 'value', UINT64_MAX) ?? 0n;
    const second = this.number(found, 'valueTwo', UINT64_MAX) ?? 0n;
    const operator = this.word(found, 'op', operators);
    if (index === null || operator === null) return null;
    const compared = operator === '&' ? `& ${value} == ${second}` : `${operator} ${value}`;
    return { argument: Number(index), text: `arg${index} ${compared}` };
  }

  #circumstances(rule: Found, name: string): Circumstances {
    const found = this.member(rule, name);
    const isObject = found !== null && this.object(found, ['caps', 'arches', 'minKernel']);
    if (!isObject) return { capabilities: [], architectures: [], kernel: null };
    return {
      capabilities: this.strings(found, 'caps').map(({ value, found: own }) => {
        const short = value.toLowerCase().replace(/^cap_/, '');
        if (!capabilityNames.some((known) => known === short))
          this.warn(own.json, `${own.path}: "${value}" is no capability, so nobody has it`);
        return short;
      }),
      architectures: this.strings(found, 'arches').map(({ value }) => value),
      kernel: this.#kernel(found),
    };
  }

  #kernel(of: Found): Circumstances['kernel'] {
    const found = this.member(of, 'minKernel');
    const value = found === null ? null : this.string(found);
    if (found === null || value === null || value === '') return null;
    const [, major, minor] = /^(\d+)\.(\d+)/.exec(value) ?? [];
    if (major !== undefined && minor !== undefined) return [Number(major), Number(minor)];
    this.refuse(found, `"${value}" is no version of a kernel`, 'such as 4.8');
    return null;
  }
}
