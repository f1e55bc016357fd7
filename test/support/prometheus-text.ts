/** A metric as a strict reader of the text format 0.0.4 finds it. */
export interface ParsedFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (-?(?:\d+(?:\.\d+)?(?:e[+-]?\d+)?)|NaN|[+-]Inf)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/y;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = { histogram: ['_bucket', '_sum', '_count'] };

/** Reads it, and throws at whatever promtool would complain of: order, types, names, escapes, doubles, buckets. */
export function parsePrometheus(text: string): ReadonlyMap<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, ParsedFamily & { readonly samples: ParsedSample[] }>();
  const seen = new Set<string>();
  let help: readonly [name: string, text: string] | null = null;
  let current: string | null = null;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (!NAME.test(name)) throw new Error(`bad name: ${line}`);
      help = [name, rest];
    } else if (kind === 'TYPE') {
      if (families.has(name)) throw new Error(`twice: ${name}`);
      if (help?.[0] !== name) throw new Error(`no help before ${line}`);
      if (!['gauge', 'counter', 'histogram'].includes(rest)) throw new Error(`bad type: ${line}`);
      if ((rest === 'counter') !== name.endsWith('_total')) throw new Error(`bad name of a ${rest}: ${name}`);
      families.set(name, { type: rest, help: help[1], samples: [] });
      current = name;
    } else {
      const sample = parseSample(line);
      const family = current === null ? undefined : families.get(current);
      const names = SUFFIXES[family?.type ?? '']?.map((suffix) => `${current}${suffix}`) ?? [current];
      if (!names.includes(sample.name)) throw new Error(`${sample.name} stands below ${current}`);
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) throw new Error(`twice: ${line}`);
      seen.add(key);
      family?.samples.push(sample);
    }
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkBuckets(name, family.samples);
  return families;
}

function parseSample(line: string): ParsedSample {
  const [, name = '', labels, value = ''] = LINE.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${JSON.stringify(line)}`);
  const number = value.endsWith('Inf') ? (value.startsWith('-') ? -Infinity : Infinity) : Number(value);
  return { name, labels: parseLabels(labels ?? '', line), value: number };
}

function parseLabels(text: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const [, name = '', value = ''] = LABEL.exec(text) ?? [];
    if (name === '') throw new Error(`bad labels: ${line}`);
    if (name in labels) throw new Error(`a label twice: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one));
  }
  return labels;
}

/** They grow, the last is +Inf, and it is the count. */
function checkBuckets(name: string, samples: readonly ParsedSample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const ends = buckets.map(({ labels }) => Number((labels['le'] ?? '').replace('+Inf', 'Infinity')));
  const counts = buckets.map(({ value }) => value);
  const grows = (list: readonly number[], strictly: boolean): boolean =>
    list.every(
      (one, index) =>
        index === 0 || (strictly ? one > (list[index - 1] ?? 0) : one >= (list[index - 1] ?? 0)),
    );
  const count = samples.find((sample) => sample.name === `${name}_count`)?.value;
  if (!grows(ends, true) || !grows(counts, false)) throw new Error(`${name}: buckets do not grow`);
  if (ends.at(-1) !== Infinity || counts.at(-1) !== count)
    throw new Error(`${name}: the last bucket is not all`);
}
