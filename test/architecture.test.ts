import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';

/** From the top down: a folder may import from those to its right. */
const layers = ['cli', 'daemon', 'control', 'supervise', 'host', 'plan', 'config'];
/** Two folders beside each other, neither above the other. */
const neighbours = [['daemon', 'control']];

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(): readonly string[] {
  return readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name))
    .sort();
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/^(?:import|export)[^;]*?from '([^']+)'/gms)].flatMap(
    ([, target]) => target ?? [],
  );
}

function folderOf(file: string): string {
  return relative('src', file).split('/')[0] ?? '';
}

function localImports(): readonly Import[] {
  return sources().flatMap((from) =>
    importsOf(from)
      .filter((target) => target.startsWith('.'))
      .map((target) => ({ from, to: join(dirname(from), target) })),
  );
}

describe('the house', () => {
  it('has imports that only go down', () => {
    const goingUp = localImports().filter(({ from, to }) => {
      const [above, below] = [layers.indexOf(folderOf(from)), layers.indexOf(folderOf(to))];
      if (above === -1 || below === -1 || above === below) return false;
      const beside = neighbours.some(
        (pair) => pair.includes(layers[above] ?? '') && pair.includes(layers[below] ?? ''),
      );
      return below < above || beside;
    });
    expect(goingUp).to.deep.equal([]);
  });

  it('has no imports in a circle', () => {
    const imports = localImports();
    const targets = (file: string): readonly string[] =>
      imports.filter(({ from }) => from === file).map(({ to }) => to.replace(/\.js$/, '.ts'));
    const settled = new Set<string>();
    const circles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (settled.has(file) || path.includes(file)) return;
      for (const target of targets(file)) visit(target, [...path, file]);
      settled.add(file);
    };
    for (const file of sources()) visit(file, []);
    expect(circles).to.deep.equal([]);
  });

  it('loads native functions in one file', () => {
    expect(sources().filter((file) => importsOf(file).includes('koffi'))).to.deep.equal([
      'src/host/libc/bind.ts',
    ]);
  });

  it('keeps the language and the plan free of effects', () => {
    const effects = /^node:(fs|net|child_process|http|os)/;
    const pure = sources().filter(
      (file) => /^src\/(config|plan)\//.test(file) && file !== 'src/config/load.ts',
    );
    expect(pure.filter((file) => importsOf(file).some((target) => effects.test(target)))).to.deep.equal([]);
  });

  it('has no rooms without a name of their own', () => {
    const vague = /^(utils?|lib|common|helpers?|types|services|models|misc)$/;
    expect(
      sources().filter((file) => file.split('/').some((part) => vague.test(part.replace('.ts', '')))),
    ).to.deep.equal([]);
  });
});
