import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';

/** A stretch of text and the innermost scope it has, without the language's name; '' is none. */
export type Scoped = readonly [text: string, scope: string];

const { createOnigScanner, createOnigString, loadWASM } = oniguruma;

/** Loads a grammar into the engine that VS Code has. @returns what gives a text's stretches their scopes */
export async function loadGrammar(json: string): Promise<(text: string) => readonly Scoped[]> {
  const wasm = createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm');
  await loadWASM(new Uint8Array(readFileSync(wasm)).buffer);
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(json, 'grammar.json')),
  });
  const grammar = await registry.loadGrammar('source.jail-conf');
  if (grammar === null) throw new Error('there is no grammar');
  return (text) => {
    let stack = textmate.INITIAL;
    return text.split('\n').flatMap((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
      stack = ruleStack;
      return tokens.map(({ startIndex, endIndex, scopes }): Scoped => {
        const own = scopes.filter((scope) => !/^(?:source|meta)\./.test(scope));
        return [line.slice(startIndex, endIndex), own.at(-1)?.replace(/\.jail-conf$/, '') ?? ''];
      });
    });
  };
}
