import { describeParams, paramsAsText } from '../config/manual/describe.js';
import { findParam, type ParamName } from '../config/params.js';
import { localCommand } from './command.js';
import { done } from './context.js';
import { json } from './render.js';
import { suggestion, wrongUse } from './words.js';

/** What a word of a file names: in any spelling, with a key of its own where it may have one. */
function nameOf(written: string): ParamName | undefined {
  const [, group] = /^(meta|env)\../.exec(written) ?? [];
  return findParam(group ?? written.replace(/\+?=.*/s, '').trim())?.name;
}

export const paramsCommand = localCommand({
  name: 'params',
  where: 'anywhere',
  summary: 'Show the parameters that jail.conf may have, or all there is to know about one.',
  operands: '[PARAM]',
  count: [0, 1],
  completes: 'parameter',
  options: { json: { type: 'boolean', summary: 'The table for programs.' } },
  needs: 'anyone',
  run: (context, { options, operands: [written] }) => {
    const name = written === undefined ? undefined : nameOf(written);
    const all = describeParams();
    if (written !== undefined && name === undefined)
      throw wrongUse(
        `there is no parameter "${written}"`,
        suggestion(
          written,
          all.map((param) => param.name),
          'jailctl params shows all',
        ),
      );
    const chosen = name === undefined ? all : all.filter((param) => param.name === name);
    context.out(options.json ? json({ version: 1, params: chosen }) : `${paramsAsText(name) ?? ''}\n`);
    return done;
  },
});
