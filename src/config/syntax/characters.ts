/** A table by the codes of ASCII characters: looking up is quicker than any expression. */
export type CharacterTable = readonly boolean[];

function tableOf(characters: RegExp): CharacterTable {
  return Array.from({ length: 128 }, (_, code) => characters.test(String.fromCharCode(code)));
}

export const BLANK = tableOf(/[ \t\r\n]/);
/** What a word consists of that needs no quotes. */
export const BARE = tableOf(/[A-Za-z0-9_!%&()\-.:<>?@[\]^`|~]/);
export const NAME_START = tableOf(/[A-Za-z_]/);
export const NAME = tableOf(/[A-Za-z0-9_]/);

/** Where the run of characters of a table that begins at an offset ends. */
export function endOfRun(text: string, start: number, table: CharacterTable): number {
  let end = start;
  while (table[text.charCodeAt(end)] === true) end++;
  return end;
}

/** Whether a dollar sign at an offset is the beginning of a variable. */
export function beginsVariable(text: string, at: number): boolean {
  if (text.charAt(at) !== '$') return false;
  return text.charAt(at + 1) === '{' || NAME_START[text.charCodeAt(at + 1)] === true;
}
