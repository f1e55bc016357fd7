/** One line of the table. */
export interface Line {
  readonly what: string;
  readonly figure: number;
  readonly unit: 'µs' | 'ms' | 'KB' | 'MB' | '% of a core';
  /** What it is measured against; null where the budget is the figure itself. */
  readonly peer: { readonly name: string; readonly figure: number } | null;
  /** The most that the ratio, or without a peer the figure, may be. */
  readonly budget: number;
}

/** What is compared with the budget. */
export function measured(line: Line): number {
  return line.peer === null ? line.figure : line.figure / line.peer.figure;
}

export function isMet(line: Line): boolean {
  return measured(line) <= line.budget;
}

const amount = (figure: number, unit: Line['unit']): string =>
  `${figure.toFixed(figure < 0.1 ? 3 : figure < 100 ? 2 : 0)} ${unit}`;

/** The results as a Markdown table. */
export function markdown(lines: readonly Line[]): string {
  const rows = lines.map((line) => {
    const { what, figure, unit, peer, budget } = line;
    return [
      what,
      amount(figure, unit),
      peer === null ? '' : `${peer.name} ${amount(peer.figure, unit)}`,
      peer === null ? '' : `${measured(line).toFixed(2)} ×`,
      peer === null ? `≤ ${amount(budget, unit)}` : `≤ ${budget} ×`,
      isMet(line) ? 'met' : 'not met',
    ];
  });
  const head = ['what', 'jaild', 'against', 'ratio', 'budget', ''];
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const format = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  return format(head) + format(widths.map((width) => '-'.repeat(width))) + rows.map(format).join('');
}

/** The results for programs; `version` changes when a reader has to. */
export function json(lines: readonly Line[]): string {
  const results = lines.map((line) => ({ ...line, measured: measured(line), met: isMet(line) }));
  return `${JSON.stringify({ version: 1, results }, null, 2)}\n`;
}
