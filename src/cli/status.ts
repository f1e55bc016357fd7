import { errorText } from '../control/failure.js';
import type { JailStatus } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import type { DaemonContext } from './context.js';
import { sortNames } from './jails.js';
import { logIfAny } from './log-paths.js';
import { lastLines } from './log-tail.js';
import { since, waitingCell } from './list.js';
import { tellMistakes } from './mistakes.js';
import { withAddresses } from './network-lines.js';
import { json, table } from './render.js';
import { sizeText } from '../config/values/quantity.js';
import { statusReply } from './status-json.js';
import { isTroubled, story } from './story.js';

const memoryOf = ({ accounting }: JailStatus): string => {
  const bytes = accounting?.memory ?? null;
  return bytes === null ? '' : sizeText(bytes);
};

function overview(jails: readonly JailStatus[], { terminal, now }: DaemonContext): string {
  const at = now();
  const rows = jails.map((jail) => [
    jail.name,
    waitingCell(jail),
    jail.pid === null ? '' : String(jail.pid),
    jail.health === 'none' ? '' : jail.health,
    String(jail.restarts),
    memoryOf(jail),
    since(jail, at),
    jail.exit?.cause ?? '',
  ]);
  return table(
    ['NAME', 'STATE', 'PID', 'HEALTH', 'RESTARTS', 'MEMORY', 'SINCE', 'LAST EXIT'],
    rows,
    terminal,
  );
}

/** Lines of output that are shown of a jail that does not come up. */
const TAIL = 10;

/** Some jails, with what the kernel says of their networks. */
async function showEach(context: DaemonContext, names: readonly string[], asJson: boolean): Promise<void> {
  const { operations, terminal, now, out } = context;
  const jails = names.length === 0 ? [] : operations.status(names);
  const networks = new Map(jails.map(({ name }) => [name, operations.network(name)]));
  const withLog = async (jail: JailStatus): Promise<JailStatus> => ({
    ...withAddresses(jail, networks.get(jail.name) ?? null),
    log: jail.log ?? (await logIfAny(jail.name, context)),
  });
  const shown = await Promise.all(jails.map(withLog));
  const tailOf = (jail: JailStatus) =>
    isTroubled(jail) && jail.log !== null ? lastLines(jail.log, TAIL) : Promise.resolve([]);
  const tails = new Map(
    await Promise.all(shown.map(async (jail) => [jail.name, await tailOf(jail)] as const)),
  );
  if (asJson) return out(json(statusReply(shown, { networks, tails })));
  const stories = shown.map((jail) =>
    story(jail, networks.get(jail.name) ?? null, terminal, now(), tails.get(jail.name)),
  );
  out(stories.join('\n'));
}

export const status = daemonCommand({
  name: 'status',
  summary: 'Show how jails are; with names, all there is to know about each.',
  operands: '[NAME...]',
  completes: 'jail',
  options: { json: { type: 'boolean', summary: 'The whole answer for programs.' } },
  needs: 'operator',
  run: async (context, { options, operands }) => {
    const { known, unknown } = sortNames(operands, context.operations);
    const every = operands.length === 0;
    if (!every) await showEach(context, known, options.json);
    else if (options.json) context.out(json(statusReply(context.operations.status())));
    else {
      context.out(overview(context.operations.status(), context));
      tellMistakes(context);
    }
    for (const { message, hint } of unknown) context.err(errorText(message, hint));
    return { exit: unknown.length > 0 ? 4 : 0 };
  },
});
