import { closest, distance } from 'fastest-levenshtein';
import { actions, isResourceName, resourceOf, resources, type ResourceName } from './resources.js';

export type Subject = 'jail' | 'user' | 'loginclass' | 'process';

/** A rule as it was written; whose it is, is known to the one who asks. */
export interface RctlRule {
  readonly resource: ResourceName;
  readonly action: string;
  /** In the resource's unit. */
  readonly amount: number;
  /** What has the amount: the jail as a whole, or each of its users or processes. */
  readonly per: Subject;
  /** Of a full rule: the jail that it names. */
  readonly jail?: string;
}

/** What is wrong with a rule, and which part of its text. */
export interface Misread {
  readonly ok: false;
  readonly message: string;
  readonly hint?: string;
  readonly start: number;
  readonly end: number;
}

type Reading<T> = { readonly ok: true; readonly value: T } | Misread;

/** A rule with the subject that it is written for; a short rule is for the jail that it stands in. */
export interface Written {
  readonly subject: Subject;
  readonly rule: RctlRule;
}

// rctl(8): subject:subject-id:resource:action=amount/per
const SHAPE = /^(?:([^:=]*):([^:=]*):)?([^:=/]*):([^:=/]*)(?:=([^/]*))?(?:\/(.*))?$/s;
const [SUBJECT, ID, RESOURCE, ACTION, AMOUNT, PER] = [1, 2, 3, 4, 5, 6] as const;

const subjects: Readonly<Record<string, Subject>> = {
  ...{ jail: 'jail', j: 'jail', user: 'user', u: 'user', process: 'process', p: 'process' },
  ...{ loginclass: 'loginclass', class: 'loginclass', l: 'loginclass', c: 'loginclass' },
};

/** Reads a rule of rctl(8), RESOURCE:ACTION=AMOUNT[/PER] or the same behind "jail:NAME:". */
export function readRule(text: string): Reading<Written> {
  const match = SHAPE.exec(text);
  if (match === null)
    return {
      ...{ ok: false, message: `"${text}" is not an rctl rule`, start: 0, end: text.length },
      hint: 'write RESOURCE:ACTION=AMOUNT, such as memoryuse:deny=512m',
    };
  return new RuleReader(match, text).read();
}

/** "did you mean …?" where a word is near, else all there are. */
function nearest(word: string, known: readonly string[]): string {
  if (word.length > 40) return `one of ${known.join(', ')}`;
  const near = closest(word, known);
  return distance(word, near) <= Math.max(2, word.length / 3)
    ? `did you mean "${near}"?`
    : `one of ${known.join(', ')}`;
}

/** The parts of one rule in their order; the first that is wrong is told. */
class RuleReader {
  constructor(
    private readonly match: RegExpExecArray,
    private readonly text: string,
  ) {}

  read(): Reading<Written> {
    const written = this.word(SUBJECT) ?? 'jail';
    const subject = subjects[written];
    if (subject === undefined)
      return this.misread(
        SUBJECT,
        `"${written}" has no rules`,
        nearest(written, ['jail', 'user', 'process']),
      );
    const id = this.match[ID];
    if (id === '') return this.misread(SUBJECT, `"${written}" needs a name`, `write ${written}:NAME:…`);
    const action = this.action();
    if (!action.ok) return action;
    const amount = this.amount(action.value.resource);
    if (!amount.ok) return amount;
    const per = subjects[this.word(PER) ?? subject];
    if (per === undefined)
      return this.misread(
        PER,
        `"${this.match[PER] ?? ''}" has no amount`,
        'write /jail or /process, or nothing',
      );
    const jail = subject === 'jail' && id !== undefined ? { jail: id } : {};
    return {
      ok: true,
      value: { subject, rule: { ...action.value, amount: amount.value, per, ...jail } },
    };
  }

  /** The resource and the action, as far as rctl(8) lets them stand together. */
  private action(): Reading<Pick<RctlRule, 'resource' | 'action'>> {
    const resource = this.word(RESOURCE) ?? '';
    if (!isResourceName(resource))
      return this.misread(
        RESOURCE,
        `"${resource}" is not a resource`,
        nearest(resource, Object.keys(resources)),
      );
    const action = this.word(ACTION) ?? '';
    const words = ['deny', 'throttle', 'log', 'devctl', 'sigterm'];
    if (!actions.includes(action)) {
      const known = action.startsWith('sig') ? actions : words;
      return this.misread(ACTION, `"${action}" is not an action`, nearest(action, known));
    }
    const { limit } = resourceOf(resource);
    if (action === limit || (action !== 'deny' && action !== 'throttle'))
      return { ok: true, value: { resource, action } };
    const hint = limit === null ? 'a signal, log or devctl can be used' : `write ${resource}:${limit}=`;
    return this.misread(ACTION, `${resource} has no action ${action}`, hint);
  }

  private amount(resource: ResourceName): Reading<number> {
    const written = this.match[AMOUNT] ?? '';
    if (written === '')
      return this.misread(ACTION, 'the rule has no amount', `write ${this.match[ACTION]}=AMOUNT`);
    const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([kmgtpe]?)b?$/i.exec(written) ?? [];
    const { unit: counted } = resourceOf(resource);
    if (number === '')
      return this.misread(
        AMOUNT,
        `"${written}" is not an amount`,
        `write a number (${counted}), also 512m or 2g`,
      );
    const power = unit === '' ? 0 : ' kmgtpe'.indexOf(unit.toLowerCase());
    const amount = Math.floor(Number(number) * 1024 ** power);
    // The kernel of FreeBSD keeps amounts in 63 bits.
    return amount < 2 ** 63
      ? { ok: true, value: amount }
      : this.misread(AMOUNT, `"${written}" is too large`, 'leave the rule out for no limit');
  }

  private word(group: number): string | undefined {
    return this.match[group]?.toLowerCase();
  }

  private misread(group: number, message: string, hint: string): Misread {
    // Where its parts are is asked of a rule that is wrong alone: it takes longer than all the rest.
    const indices = new RegExp(SHAPE, 'ds').exec(this.text)?.indices;
    const [start, end] = indices?.[group] ?? [0, this.text.length];
    return start === end
      ? { ok: false, message, hint, start: 0, end: this.text.length }
      : { ok: false, message, hint, start, end };
  }
}

const SUFFIXES = ['', 'k', 'm', 'g', 't', 'p', 'e'] as const;

/** The rule as rctl(8) writes it, without its subject; sizes with the largest unit that is exact. */
export function ruleText({ resource, action, amount, per }: RctlRule): string {
  const isSize = resourceOf(resource).unit.startsWith('bytes') && amount > 0;
  const power = isSize ? SUFFIXES.findLastIndex((_, index) => amount % 1024 ** index === 0) : 0;
  const number = `${amount / 1024 ** power}${SUFFIXES[power] ?? ''}`;
  return `${resource}:${action}=${number}${per === 'jail' ? '' : `/${per}`}`;
}

/** Rules of one kind say the same thing, of which a jail's own file has the last word. */
export function kindOf({ resource, action, per }: RctlRule): string {
  return `${resource}:${action}/${per}`;
}

/** Whether a rule limits, by itself; the others tell what has happened, or end it. */
export function isLimit({ action }: RctlRule): boolean {
  return action === 'deny' || action === 'throttle';
}
