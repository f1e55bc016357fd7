import { expect } from 'chai';
import type { Jail } from '../../../src/config/jail.js';
import { causesOf, isSameByAnotherName } from '../../../src/supervise/reload/causes.js';
import { compareJails } from '../../../src/supervise/reload/reload-plan.js';
import { configurationOf } from '../../support/fake-operations.js';

const only = (text: string): Jail => {
  const [jail] = configurationOf(text).jails;
  if (jail === undefined) throw new Error('no jail');
  return jail;
};

describe('the causes of a change', () => {
  const causes = (before: string, after: string) =>
    causesOf(only(before), only(after)).map(({ at, ...cause }) => ({
      ...cause,
      at: at === null ? null : `${at.file}:${at.line}:${at.column}`,
    }));

  it('are each parameter with the values as they are written, the place of the new one, and what it takes', () => {
    expect(
      causes(
        'web { path = "/a"; memory.max = 512M; exec.start = "/bin/a", "/bin/b"; pids.max = 5; }',
        'web {\n  path = "/b";\n  memory.max = 1G;\n  exec.start = "/bin/a";\n  restart.delay = 2s;\n}',
      ),
    ).to.deep.equal([
      {
        ...{ parameter: 'path', before: '/a', after: '/b', at: 'jail.conf:2:3' },
        restart: 'the jail is built with it',
      },
      {
        ...{ parameter: 'exec.start', before: '/bin/a, /bin/b', after: '/bin/a', at: 'jail.conf:4:3' },
        restart: 'it is for the start',
      },
      { parameter: 'restart.delay', before: null, after: '2s', at: 'jail.conf:5:3', restart: null },
      { parameter: 'memory.max', before: '512M', after: '1G', at: 'jail.conf:3:3', restart: null },
      { parameter: 'pids.max', before: '5', after: null, at: null, restart: null },
    ]);
  });

  it('are found where a wildcard or a variable has changed, and not where the same is written in another way', () => {
    expect(
      causes('* { pids.max = 5; } web { path = /a; }', '* {\n pids.max = 6; }\nweb { path = /a; }'),
    ).to.deep.equal([{ parameter: 'pids.max', before: '5', after: '6', at: 'jail.conf:2:2', restart: null }]);
    expect(causes('$p = /a; web { path = $p; }', '$p = /b; web { path = $p; }')).to.deep.equal([
      {
        ...{ parameter: 'path', before: '/a', after: '/b', at: 'jail.conf:1:16' },
        restart: 'the jail is built with it',
      },
    ]);
    expect(
      causes(
        'web { path = /a; memory.max = 1G; persist; }',
        'web { memory.max = 1024M; path = "/a"; persist = true; }',
      ),
    ).to.deep.equal([]);
  });

  it('are told for a negation as its value, and for each key of meta and env', () => {
    expect(
      causes(
        'web { path = /a; mount.devfs; meta.a = 1; meta.b = 2; env.c = 3; }',
        'web { path = /a; mount.nodevfs; meta.a = 1; meta.b = 4; env.d = 3; }',
      ).map(({ parameter, before, after, restart }) => [parameter, before, after, restart === null]),
    ).to.deep.equal([
      ['meta.b', '2', '4', true],
      ['env.c', '3', null, false],
      ['env.d', null, '3', false],
      ['mount.devfs', 'true', 'false', false],
    ]);
  });

  it('are a restart by their own rules for rules of rctl', () => {
    const rules = (text: string): string => `web { path = /a; rctl = "${text}"; }`;
    const [live] = causes(rules('memoryuse:deny=512m'), rules('memoryuse:deny=1g'));
    const [hard] = causes(rules('openfiles:deny=100'), rules('openfiles:deny=200'));
    expect([live?.parameter, live?.restart, hard?.parameter]).to.deep.equal(['rctl', null, 'rctl']);
    expect(hard?.restart).to.match(/from their start/);
  });
});

describe('a jail with another name', () => {
  const text = (name: string, more = ''): string =>
    `* { path = "/jails/$name"; } ${name} { ip4.addr = 10.0.0.1; host.hostname = "$name.example"; ${more} }`;

  it('is known by saying the same, its name in it apart', () => {
    expect(isSameByAnotherName(only(text('web')), only(text('front')))).to.equal(true);
    expect(isSameByAnotherName(only(text('web')), only(text('front', 'pids.max = 9;')))).to.equal(false);
  });

  it('is a new one and a removed one that know of each other, and no two of one', () => {
    const present = new Map([['web', { jail: only(text('web')), runs: true }]]);
    const [front] = configurationOf(text('front')).jails;
    const [back] = configurationOf(text('back')).jails;
    const changes = compareJails(
      present,
      [front, back].flatMap((jail) => jail ?? []),
    );
    expect(changes.map(({ jail, change, runs, renamed }) => [jail, change, runs, renamed])).to.deep.equal([
      ['front', 'new', false, 'web'],
      ['back', 'new', false, undefined],
      ['web', 'removed', true, 'front'],
    ]);
  });
});
