import type { Screen } from '../../control/live.js';

/** The alternate screen, without a cursor, and lines that end at its edge whatever they have. xterm's ctlseqs. */
export const screen: Screen = {
  first: '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J',
  last: '\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l',
};

/** What makes of the lines that are shown those that shall be; `null` is a screen of which nothing is known. */
export function redraw(shown: readonly string[] | null, lines: readonly string[]): string {
  const changes = lines.flatMap((line, i) =>
    // Erased before: behind a full line the cursor is on its last character.
    shown?.[i] === line ? [] : [`\u001b[${i + 1};1H\u001b[K${line}`],
  );
  return (shown === null ? '\u001b[2J' : '') + changes.join('');
}
