import { changeScript, standingIn, standingOf, type Standing } from '../plan/firewall-change.js';
import { removalScript, tableScript, type Table } from '../plan/firewall-text.js';
import { listTable, runNft } from './nft.js';
import { nftGeneration } from './nft-generation.js';

/** What is asked of nftables. */
export interface Nftables {
  /** Does a script, all of it or nothing. */
  readonly run: (script: string) => Promise<void>;
  /** A table in words, without the elements of sets and maps; null when there is none. */
  readonly list: (table: string) => Promise<string | null>;
  /** How often anything has been changed, by whomever; null when that can't be told. */
  readonly generation: () => number | null;
}

export const nftables: Nftables = { run: runNft, list: listTable, generation: nftGeneration };

/**
 * One table of nftables. It is changed in place: a packet that comes while a table is put in another's place may find the
 * rules of neither, for it meets the hooks of both, one before and one after the moment at which the new rules count.
 */
export class FirewallTable {
  readonly #name: string;
  readonly #nft: Nftables;
  /** What was written last (null: nothing stands), which is true while nobody has changed anything since. */
  #written: { readonly table: Table | null; readonly generation: number } | null = null;

  constructor(name: string, nft: Nftables = nftables) {
    this.#name = name;
    this.#nft = nft;
  }

  /** Makes the table what it is to be, whatever stands. Rejects as nft(8) does: all is then as it was. */
  async write(table: Table): Promise<void> {
    const before = this.#nft.generation();
    const standing = await this.#standing(before, table);
    const script = standing === null ? null : changeScript(standing, table);
    if (script === '') return;
    if (script === null || !(await this.#tries(script))) await this.#nft.run(tableScript(table));
    this.#note(before, table);
  }

  /** Takes the table away; that there is none is fine. Rejects as nft(8) does. */
  async remove(): Promise<void> {
    const before = this.#nft.generation();
    await this.#nft.run(`${removalScript(this.#name)}\n`);
    this.#note(before, null);
  }

  /** What stands, as far as it is known or can be asked for; null for nothing, or nothing to build upon. */
  async #standing(generation: number | null, wanted: Table): Promise<Standing | null> {
    if (this.#written !== null && this.#written.generation === generation)
      return this.#written.table === null ? null : standingOf(this.#written.table);
    const listing = await this.#nft.list(this.#name);
    return listing === null ? null : standingIn(listing, wanted);
  }

  /** Whether nft(8) takes it. What it refuses may be so for what stands, or for what is wanted. */
  async #tries(script: string): Promise<boolean> {
    try {
      await this.#nft.run(script);
      return true;
    } catch {
      return false;
    }
  }

  /** Notes what has been written when that was the only change since `before`: another one may have been to this table. */
  #note(before: number | null, table: Table | null): void {
    const generation = this.#nft.generation();
    const isOnly = before !== null && generation !== null && generation === (before + 1) >>> 0;
    this.#written = isOnly ? { table, generation } : null;
  }
}
