import type { Circumstances, Condition, Profile, ProfileRule } from './profile.js';

/** What decides which rules of a profile hold. */
export interface Here {
  /** The jail's capabilities by their short names. */
  readonly capabilities: readonly string[];
  /** As process.arch has it: "x64". */
  readonly architecture: string;
  /** The kernel's release: "6.18.2-cloud". */
  readonly kernel: string;
}

/** process.arch → what profiles call it in `arches`, and libseccomp. */
const architectures: Readonly<Record<string, readonly [string, string]>> = {
  x64: ['amd64', 'x86_64'],
  arm64: ['arm64', 'aarch64'],
  riscv64: ['riscv64', 'riscv64'],
  ia32: ['x86', 'x86'],
  arm: ['arm', 'arm'],
  ppc64: ['ppc64le', 'ppc64le'],
  s390x: ['s390x', 's390x'],
};

function isAtLeast(release: string, [major, minor]: readonly [number, number]): boolean {
  const [ownMajor = 0, ownMinor = 0] = release.split(/[.-]/).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Every circumstance that is named must be there, of architectures one; those that are not named say nothing. */
function includes({ capabilities, architectures: arches, kernel }: Circumstances, here: Here): boolean {
  const [own = ''] = architectures[here.architecture] ?? [];
  return (
    (arches.length === 0 || arches.includes(own)) &&
    capabilities.every((name) => here.capabilities.includes(name)) &&
    (kernel === null || isAtLeast(here.kernel, kernel))
  );
}

/** One circumstance that is named is enough. */
function excludes({ capabilities, architectures: arches, kernel }: Circumstances, here: Here): boolean {
  const [own = ''] = architectures[here.architecture] ?? [];
  return (
    arches.includes(own) ||
    capabilities.some((name) => here.capabilities.includes(name)) ||
    (kernel !== null && isAtLeast(here.kernel, kernel))
  );
}

const holds = (rule: ProfileRule, here: Here): boolean =>
  !excludes(rule.excludes, here) && includes(rule.includes, here);

/** Of two conditions for one argument libseccomp can't make one rule: runc makes a rule of each condition then. */
function alternatives(conditions: readonly Condition[]): readonly (readonly Condition[])[] {
  const distinct = new Set(conditions.map(({ argument }) => argument));
  return distinct.size === conditions.length ? [conditions] : conditions.map((one) => [one]);
}

function linesOf({ names, action, conditions }: ProfileRule): readonly string[] {
  const wanted = alternatives(conditions).map((all) => all.map(({ text }) => text).join(', '));
  // "?": a call that libseccomp does not know, or that is another architecture's, is left out.
  return names.flatMap((name) => wanted.map((text) => `?${action} ${name}${text === '' ? '' : ` ${text}`}`));
}

function letIn({ architectures: all, architectureMap }: Profile, here: Here): readonly string[] {
  const [, own = ''] = architectures[here.architecture] ?? [];
  if (all.length > 0) return all;
  const others = architectureMap.get(own);
  return others === undefined ? [] : [own, ...others];
}

/** Calls newer than the profile are ENOSYS in runc (its patchbpf), unless the profile's own default lets them through or says so. */
const letsThrough = (action: string): boolean => ['allow', 'log', 'errno 38'].includes(action);

/**
 * A profile as the text of a policy (etc/seccomp/default.policy says what lines there are), which gives each call the
 * answer that it has under runc.
 * @param changes rules that come before those of the profile
 */
export function profilePolicy(profile: Profile, here: Here, changes: readonly string[] = []): string {
  const { defaultAction, rules } = profile;
  const lines = [
    `default ${defaultAction}`,
    'badarch kill-thread',
    ...letIn(profile, here).map((name) => `arch ${name}`),
    ...changes,
    'profile',
    ...(letsThrough(defaultAction) ? [] : ['newer errno ENOSYS']),
    ...rules.filter((rule) => holds(rule, here)).flatMap(linesOf),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
