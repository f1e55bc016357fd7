/** Half as many again as anybody has tried. */
const MAX_BLOCKS = 150_000;
/** Words that stand anywhere, and words that each block may have besides. */
const MAX_LOOSE = 200_000;
const WORDS_OF_BLOCK = 500;
/** All words: each takes about a hundred bytes. */
const MAX_WORDS = 12_000_000;

/** How much the files of one configuration may say. It grows with the jails, so that garbage has little of it. */
export class Allowance {
  private blocks = 0;
  private words = 0;
  /** It was not enough. */
  spent = false;

  /** @returns whether there was something left for a name or a part of a value */
  takeWords(count = 1): boolean {
    this.words += count;
    this.spent ||= this.words > Math.min(MAX_WORDS, MAX_LOOSE + WORDS_OF_BLOCK * this.blocks);
    return !this.spent;
  }

  takeBlock(): boolean {
    this.spent ||= ++this.blocks > MAX_BLOCKS;
    return !this.spent;
  }

  get explanation(): string {
    return this.blocks > MAX_BLOCKS
      ? `more than ${MAX_BLOCKS} blocks are too many`
      : `too many words: there may be ${MAX_LOOSE}, and ${WORDS_OF_BLOCK} more for each block`;
  }
}
