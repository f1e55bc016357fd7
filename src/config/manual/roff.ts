/** mandoc(1) likes lines of the source to fit a screen. */
const WIDTH = 80;

/** Text in which roff(7) and tbl(1) find nothing of their own: each sentence begins a line, as mdoc(7) asks. */
export function roff(text: string): string {
  return text
    .split(/(?<=[^.][.!?][)"']?) +/)
    .flatMap((sentence) => wrap(escapeRoff(sentence)))
    .map((line) => line.replace(/^(?=[.'])/, '\\&'))
    .join('\n');
}

/** A text block of tbl(1): a cell of several lines. */
export function textBlock(text: string): string {
  return `T{\n${roff(text)}\nT}`;
}

const escapeRoff = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-');

function wrap(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && Buffer.byteLength(`${last} ${word}`) < WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
