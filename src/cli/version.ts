import { readFileSync } from 'node:fs';
import { localCommand } from './command.js';
import { done } from './context.js';
import { json } from './render.js';

/** The version of the package, looked for upwards because compiled files lie deeper than their sources. */
export function packageVersion(): string {
  for (const up of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(up, import.meta.url), 'utf8');
      // package.json is ours: it has a version.
      return (JSON.parse(text) as { readonly version: string }).version;
    } catch {
      continue;
    }
  }
  return 'unknown';
}

export const version = localCommand({
  name: 'version',
  where: 'anywhere',
  summary: 'Show the version; that of the running jaild when there is one.',
  operands: '',
  count: [0, 0],
  options: { json: { type: 'boolean', summary: 'The answer for programs.' } },
  needs: 'anyone',
  run: (context, { options }) => {
    const facts = {
      jaild: packageVersion(),
      node: process.versions.node,
      running: context.operations !== null,
    };
    if (options.json) context.out(json({ version: 1, ...facts }));
    else context.out(`jaild ${facts.jaild} (node ${facts.node}${facts.running ? ', running' : ''})\n`);
    return done;
  },
});
