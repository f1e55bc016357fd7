import { expect } from 'chai';
import { configAsJson } from '../../src/config/json.js';
import { Origins, type Written } from '../../src/config/origin.js';
import { compileText } from '../support/compile-text.js';

const where = ({ by, block, file, line, column }: Written): string =>
  by === 'default' ? by : `${by} ${block} ${file}:${line}:${column}`;

function originsOf(text: string, others: Readonly<Record<string, string>> = {}) {
  const compiled = compileText(text, others);
  const [jail] = compiled.jails;
  if (jail === undefined) throw new Error('no jail');
  const origins = new Origins(compiled);
  return { of: origins.of(jail), all: origins.ofAll(jail) };
}

describe('where a value comes from', () => {
  it('is the block of the jail, a wildcard, a loose parameter or the name of the block', () => {
    const { of } = originsOf('persist;\n"*.b" { meta = 1; }\na.b {\n path = /p; }\n* { auto; }');
    expect([...of].map(([name, origin]) => `${name}: ${where(origin)}`)).to.deep.equal([
      'name: block name null jail.conf:3:1',
      'persist: global * jail.conf:1:1',
      'meta: wildcard *.b jail.conf:2:9',
      'path: jail a.b jail.conf:4:2',
      'auto: wildcard * jail.conf:5:5',
    ]);
  });

  it('is a file that is included', () => {
    const { of } = originsOf('a { .include "b.conf"; }', { 'b.conf': '\n  path = /p;' });
    expect(where(of.get('path') as Written)).to.equal('jail a b.conf:2:3');
  });

  it('is told for each element of a list that grew', () => {
    const { of } = originsOf('exec.start = a, b;\nx { exec.start += c;\n exec.start += d; }');
    const { elements = [], ...last } = of.get('exec.start') ?? {};
    expect(elements.map(where)).to.deep.equal([
      'global * jail.conf:1:14',
      'global * jail.conf:1:17',
      'jail x jail.conf:2:19',
      'jail x jail.conf:3:16',
    ]);
    expect(where(last as Written)).to.equal('jail x jail.conf:3:2');
  });

  it('has the variables in it, and those in them', () => {
    const { of } = originsOf('$base = /j;\n* { $dir = "$base/d"; }\nx { path = "${dir}/$name"; }');
    expect(of.get('path')?.variables.map((one) => `${one.name}: ${where(one)}`)).to.deep.equal([
      'dir: wildcard * jail.conf:2:5',
      'base: global * jail.conf:1:1',
      'name: block name null jail.conf:3:1',
    ]);
  });

  it('counts the elements of a variable that is a list', () => {
    const { of } = originsOf(
      '$ips = 10.0.0.1, 10.0.0.2;\nx {\n ip4.addr = $ips, 10.0.0.3;\n ip4.addr += $ips; }',
    );
    expect(of.get('ip4.addr')?.elements.map(({ line, column }) => `${line}:${column}`)).to.deep.equal([
      ...['3:13', '3:13', '3:19', '4:14', '4:14'],
    ]);
  });

  it('ends with a loop of variables', () => {
    const { of } = originsOf('$a = $b; $b = $a; x { path = $a; }');
    expect(of.get('path')?.variables.map(({ name }) => name)).to.deep.equal(['a', 'b']);
  });

  it('is the default for what nobody wrote, by the name in the table for what somebody did', () => {
    const { all } = originsOf('x { path = /p; mount.nodevfs; }');
    const some = ['mount.devfs', 'mount.nodevfs', 'auto'].map((name) => where(all.get(name) as Written));
    expect(some).to.deep.equal(['jail x jail.conf:1:16', 'jail x jail.conf:1:16', 'default']);
  });

  it('is an addition to the JSON of a configuration', () => {
    const compiled = compileText('x { path = /p; persist; }');
    const { jails } = configAsJson(compiled, { resolved: false, origin: true });
    const written = { by: 'jail', block: 'x', file: 'jail.conf', line: 1, column: 5 };
    expect(jails[0]?.origin?.['path']).to.deep.equal({
      ...{ ...written, elements: [{ ...written, column: 12 }], variables: [] },
    });
    const { origin, ...rest } = jails[0] ?? {};
    expect(Object.keys(origin ?? {})).to.deep.equal(['name', 'path', 'persist']);
    expect(rest).to.deep.equal(configAsJson(compiled, { resolved: false }).jails[0]);
  });
});
