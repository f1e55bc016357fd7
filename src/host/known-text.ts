import { readFileSync, statSync, type BigIntStats } from 'node:fs';

/** The text of a file that is hardly ever another: read again only when it was changed, or is another file. */
export class KnownText {
  #text = '';
  #seen: BigIntStats | null = null;

  constructor(private readonly path: string) {}

  /** Throws the exception of node:fs. */
  text(): string {
    const now = statSync(this.path, { bigint: true });
    if (this.#seen === null || !isSame(this.#seen, now)) {
      this.#text = readFileSync(this.path, 'utf8');
      this.#seen = now;
    }
    return this.#text;
  }
}

/** Nobody sets ctime back, but two changes may be within one tick of the kernel's clock. */
function isSame(before: BigIntStats, now: BigIntStats): boolean {
  return (['dev', 'ino', 'ctimeNs', 'size'] as const).every((part) => before[part] === now[part]);
}
