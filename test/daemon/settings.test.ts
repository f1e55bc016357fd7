import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { formatDiagnostic } from '../../src/config/diagnostic.js';
import { readSettings, withDefaults } from '../../src/daemon/read-settings.js';
import { settings, settingsAsIni, settingsAsRoff } from '../../src/daemon/settings.js';
import { compiled, jail } from '../support/stage.js';

const FILE = '/etc/jaild.ini';
const defaults = Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, one.default]));
const mistakes = (text: string): string[] =>
  readSettings(text, FILE).diagnostics.map((one) => formatDiagnostic(one).replace(/\n(?!hint)[^\n]*/g, ''));

describe('jaild.ini', () => {
  it('need not say anything', () => {
    expect(readSettings('', FILE)).to.deep.equal({ settings: defaults, diagnostics: [] });
  });

  it('sets what it names', () => {
    const text =
      '[daemon]\nautostart = all\nparallel=8\n; a comment\n[log]\nformat = "json"\n[jails]\npids.max = 100\nmemory.max = 1G\n';
    expect(readSettings(text, FILE)).to.deep.equal({
      settings: {
        ...defaults,
        'daemon.autostart': 'all',
        'daemon.parallel': 8,
        'log.format': 'json',
        'jails.pids.max': 100,
        'jails.memory.max': 1024 ** 3,
      },
      diagnostics: [],
    });
  });

  it('is told every mistake at once, with its place and what to write', () => {
    const text =
      '[daemon]\nautostrat = all\n\n[lgo]\nlevel = info\n[log]\n  level = loud\n[socket]\nx.y = 1\n';
    expect(mistakes(text)).to.deep.equal(
      [
        '/etc/jaild.ini:2:1: error: unknown setting "autostrat" in [daemon] [unknown-parameter]\nhint: did you mean "autostart"?',
        '/etc/jaild.ini:4:1: error: unknown section [lgo] [unknown-parameter]\nhint: did you mean [log]?',
        '/etc/jaild.ini:7:3: error: level: "loud" is not known [bad-value]\nhint: one of error, warn, info, debug',
        '/etc/jaild.ini:9:1: error: unknown setting "x.y" in [socket] [unknown-parameter]\nhint: did you mean "group"?',
      ].map((text, index) => (index === 3 ? text.replace('did you mean "group"?', 'one of group') : text)),
    );
    expect(mistakes('level = info\n')).to.deep.equal([
      '/etc/jaild.ini:1:1: error: "level" is in no section [unknown-parameter]\nhint: write [SECTION] above it',
    ]);
  });

  it('lets metrics be fetched from this host only', () => {
    const listen = (value: string) =>
      readSettings(`[metrics]\nlisten = ${value}\n`, FILE).settings['metrics.listen'];
    expect(['', '127.0.0.1:9810', '[::1]:1', '/run/jaild/metrics.sock'].map(listen)).to.deep.equal([
      null,
      { host: '127.0.0.1', port: 9810 },
      { host: '::1', port: 1 },
      { path: '/run/jaild/metrics.sock' },
    ]);
    const hint = 'hint: write 127.0.0.1:PORT, [::1]:PORT or the path of a socket';
    const wrong = (value: string): string | undefined => mistakes(`[metrics]\n  listen = ${value}\n`)[0];
    expect(wrong('0.0.0.0:9810')).to.equal(
      '/etc/jaild.ini:2:3: error: listen: "0.0.0.0" can be reached by others: figures of all jails are for this host only [bad-value]\n' +
        `${hint}; a proxy in front of it can ask others who they are`,
    );
    expect(
      ['localhost', ':9810', '9810', '127.0.0.1:0', '127.0.0.1:65536', '[::]:1', 'metrics.sock'].map(wrong),
    ).to.satisfy((all: readonly (string | undefined)[]) =>
      all.every((one) => one?.startsWith('/etc/jaild.ini:2:3: error: ')),
    );
  });

  it('keeps the default of what is wrong', () => {
    expect(readSettings('[daemon]\nparallel = many\n', FILE).settings).to.deep.equal(defaults);
  });

  it('gives defaults to jails, which their own values win over', () => {
    const { settings: chosen } = readSettings('[jails]\npids.max = 100\n', FILE);
    const { jails } = withDefaults(compiled([jail('a'), jail('b', { 'pids.max': 5 })]), chosen);
    expect(jails.map((one) => one.values['pids.max'])).to.deep.equal([100, 5]);
  });

  it('comes with every setting, commented, and what it comes with says nothing', () => {
    const shipped = readFileSync(new URL('../../../etc/jaild.ini', import.meta.url), 'utf8');
    expect(shipped).to.equal(settingsAsIni());
    expect(readSettings(shipped, FILE)).to.deep.equal({ settings: defaults, diagnostics: [] });
    const uncommented = shipped.replace(/^; (\S+ = .*\S)$/gm, '$1');
    expect(readSettings(uncommented, FILE).diagnostics).to.deep.equal([]);
    expect(uncommented.match(/^\S+ = .*\S$/gm)?.length).to.equal(
      Object.values(settings).filter(({ shown }) => shown !== '').length,
    );
  });

  it('has a manual that names every setting', () => {
    const named = [...settingsAsRoff().matchAll(/^\.It Cm (\S+)$/gm)].map(([, key]) => key);
    expect(named).to.deep.equal(Object.keys(settings).map((name) => name.slice(name.indexOf('.') + 1)));
  });
});
