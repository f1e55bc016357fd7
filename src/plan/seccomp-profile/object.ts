import type { Json } from './json.js';
import type { ProfileMistake } from './profile.js';

/** A value and how one gets to it: "syscalls[3].args[0].op". */
export interface Found {
  readonly json: Json;
  readonly path: string;
}

/** Takes JSON values apart, and keeps what is not as expected. Go's null is the same as nothing. */
export class ObjectReader {
  readonly mistakes: ProfileMistake[] = [];

  refuse({ json, path }: Found, message: string, hint?: string): void {
    const where = path === '' ? '' : `${path}: `;
    const about = { severity: 'error', place: json.place, message: `${where}${message}` } as const;
    this.mistakes.push({ ...about, ...(hint !== undefined && { hint }) });
  }

  warn({ place }: Json, message: string, hint?: string): void {
    this.mistakes.push({ severity: 'warning', place, message, ...(hint !== undefined && { hint }) });
  }

  /** The member of an object, or null where it is absent or null. */
  member({ json, path }: Found, name: string): Found | null {
    const value = json.kind === 'object' ? json.members.get(name) : undefined;
    if (value === undefined || value.kind === 'null') return null;
    return { json: value, path: path === '' ? name : `${path}.${name}` };
  }

  /** Refuses what is no object, and warns of members that nobody reads. */
  object(found: Found, members: readonly string[]): boolean {
    const { json, path } = found;
    if (json.kind !== 'object') {
      this.refuse(found, 'an object is expected: {…}');
      return false;
    }
    const before = path === '' ? '' : `${path}.`;
    for (const [name, value] of json.members)
      if (!members.includes(name))
        this.warn(value, `${before}${name}: not known, and ignored`, `known are ${members.join(', ')}`);
    return true;
  }

  items(of: Found, name: string): readonly Found[] {
    const found = this.member(of, name);
    if (found === null) return [];
    const { json, path } = found;
    if (json.kind === 'array') return json.items.map((item, at) => ({ json: item, path: `${path}[${at}]` }));
    this.refuse(found, 'a list is expected: […]');
    return [];
  }

  /** A whole number from 0 to `max`, or null when there is none or it is refused. */
  number(of: Found, name: string, max: bigint): bigint | null {
    const found = this.member(of, name);
    if (found === null) return null;
    const { json } = found;
    if (json.kind === 'number' && /^[0-9]+$/.test(json.text) && BigInt(json.text) <= max)
      return BigInt(json.text);
    this.refuse(found, `a whole number from 0 to ${max} is expected`);
    return null;
  }

  string(found: Found): string | null {
    if (found.json.kind === 'string') return found.json.value;
    this.refuse(found, 'a string in "quotes" is expected');
    return null;
  }

  strings(of: Found, name: string): readonly { readonly value: string; readonly found: Found }[] {
    return this.items(of, name).flatMap((found) => {
      const value = this.string(found);
      return value === null ? [] : [{ value, found }];
    });
  }

  /** What a word stands for, or null when it is absent or none of the table's. */
  word(of: Found, name: string, table: Readonly<Record<string, string>>): string | null {
    const found = this.member(of, name);
    const value = found === null ? null : this.string(found);
    if (found === null || value === null) return null;
    const meaning = Object.hasOwn(table, value) ? table[value] : undefined;
    if (meaning === undefined)
      this.refuse(found, `"${value}" is not one of ${Object.keys(table).join(', ')}`);
    return meaning ?? null;
  }
}
