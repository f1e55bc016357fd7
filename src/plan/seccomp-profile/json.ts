import type { Place, Source } from '../../config/syntax/source.js';

/** A value of a JSON text, and where it stands. Numbers are as they are written: they may have 64 bits. */
export type Json = { readonly place: Place } & (
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Json> }
  | { readonly kind: 'array'; readonly items: readonly Json[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'true' | 'false' | 'null' }
);

/** The first thing that is no JSON. */
export interface JsonMistake {
  readonly place: Place;
  readonly message: string;
}

const DEPTH_MAX = 64;
const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORD = /[A-Za-z_]+/y;

class Refusal extends Error {
  constructor(readonly mistake: JsonMistake) {
    super(mistake.message);
  }
}

/** Follows the grammar of RFC 8259, in its order. */
class Reader {
  #at = 0;

  constructor(private readonly source: Source) {}

  // JSON-text = ws value ws
  text(): Json {
    const value = this.#value(0);
    this.#skip();
    if (this.#at < this.source.text.length) this.#refuse('nothing may follow the value');
    return value;
  }

  // value = false / null / true / object / array / number / string
  #value(depth: number): Json {
    if (depth > DEPTH_MAX) this.#refuse(`more than ${DEPTH_MAX} values inside one another`);
    this.#skip();
    const start = this.#at;
    if (this.#accept('{')) return this.#object(start, depth);
    if (this.#accept('[')) return this.#array(start, depth);
    if (this.source.text[start] === '"') return this.#string();
    const number = this.#match(NUMBER);
    if (number !== null) return { kind: 'number', text: number, place: this.#from(start) };
    const word = this.#match(WORD);
    if (word === 'true' || word === 'false' || word === 'null')
      return { kind: word, place: this.#from(start) };
    this.#at = start;
    return this.#refuse('a value is expected: {…}, […], "…", a number, true, false or null');
  }

  // object = "{" [ string ":" value *( "," string ":" value ) ] "}"
  #object(start: number, depth: number): Json {
    const members = new Map<string, Json>();
    this.#skip();
    if (this.#accept('}')) return { kind: 'object', members, place: this.#from(start) };
    for (;;) {
      this.#skip();
      const name = this.#string();
      if (members.has(name.value)) this.#refuse(`"${name.value}" is written twice`, name.place);
      this.#expect(':', 'a ":" behind the name');
      members.set(name.value, this.#value(depth + 1));
      this.#skip();
      if (this.#accept('}')) return { kind: 'object', members, place: this.#from(start) };
      this.#expect(',', 'a "," or the "}" of the object');
    }
  }

  // array = "[" [ value *( "," value ) ] "]"
  #array(start: number, depth: number): Json {
    const items: Json[] = [];
    this.#skip();
    if (this.#accept(']')) return { kind: 'array', items, place: this.#from(start) };
    for (;;) {
      items.push(this.#value(depth + 1));
      this.#skip();
      if (this.#accept(']')) return { kind: 'array', items, place: this.#from(start) };
      this.#expect(',', 'a "," or the "]" of the array');
    }
  }

  #string(): Json & { readonly kind: 'string' } {
    const start = this.#at;
    const text = this.#match(STRING);
    if (text === null) return this.#refuse('a string in "quotes" is expected');
    return { kind: 'string', value: JSON.parse(text) as string, place: this.#from(start) };
  }

  #skip(): void {
    this.#match(SPACE);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const [found] = pattern.exec(this.source.text) ?? [];
    if (found === undefined) return null;
    this.#at += found.length;
    return found;
  }

  #accept(character: string): boolean {
    if (this.source.text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #expect(character: string, what: string): void {
    this.#skip();
    if (!this.#accept(character)) this.#refuse(`${what} is expected`);
  }

  #from(start: number): Place {
    return { source: this.source, start, end: this.#at };
  }

  #refuse(message: string, place?: Place): never {
    const { source } = this;
    throw new Refusal({ message, place: place ?? { source, start: this.#at, end: this.#at + 1 } });
  }
}

/** Reads a JSON text (RFC 8259) of which every value keeps its place; one that says a name twice is refused as well. */
export function parseJson(source: Source): Json | JsonMistake {
  try {
    return new Reader(source).text();
  } catch (error) {
    if (error instanceof Refusal) return error.mistake;
    throw error;
  }
}
