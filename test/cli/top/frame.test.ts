import { expect } from 'chai';
import fc from 'fast-check';
import type { Figures, Row } from '../../../src/cli/top/figures.js';
import { frame, page, roomFor, type Size } from '../../../src/cli/top/frame.js';
import type { Style } from '../../../src/cli/top/ink.js';
import { firstView, type View } from '../../../src/cli/top/view.js';
import { clip, harmless, widthOf } from '../../../src/cli/top/width.js';
import type { State } from '../../../src/supervise/operations.js';

const MIB = 1024 ** 2;
const plain: Style = { colour: false, shades: false, unicode: false };
const rich: Style = { colour: true, shades: true, unicode: true };

const quiet = { cpu: 0, memory: 0, io: 0 };
const idle: Row = {
  ...{ name: 'idle', state: 'running', cpu: 0, memory: 300 * 1024, memoryMax: null, waits: quiet },
  ...{ ioRead: 0, ioWritten: 0, received: 0, sent: 0, pids: 2, restarts: 0, upMs: 3 * 86_400_000 },
};
const web: Row = {
  ...{ name: 'web', state: 'running', cpu: 49.96, memory: 48 * MIB, memoryMax: 64 * MIB },
  ...{ waits: { cpu: 12.5, memory: 0, io: 60 }, ioRead: 1536, ioWritten: 40 * MIB, received: 900, sent: 5e6 },
  ...{ pids: 17, restarts: 2, upMs: 95_000 },
};
const off: Row = {
  ...{ name: 'off', state: 'stopped', cpu: null, memory: null, memoryMax: null },
  ...{ waits: { cpu: null, memory: null, io: null }, ioRead: null, ioWritten: null },
  ...{ received: null, sent: null, pids: null, restarts: 0, upMs: null },
};
const figures: Figures = {
  rows: [web, idle, off],
  ...{ start: 0, total: 3 },
  states: new Map<State, number>([
    ['running', 2],
    ['stopped', 1],
  ]),
  host: {
    ...{ processors: 2, cpu: 100, jailsCpu: 49.96, memoryTotal: 8192 * MIB, memoryUsed: 2048 * MIB },
    ...{ jailsMemory: 49 * MIB, load: [1.5, 0.25, 0.1], waits: { cpu: 3.2, memory: 0, io: 15 } },
  },
};

/** What is left of a line without its colours. */
const bare = (line: string): string => line.replace(/\u001b\[[0-9;]*m/g, '');
const draw = (size: Size, style: Style, view: View = firstView): string =>
  frame(figures, view, size, style, '12:00:00')
    .map((line) => bare(line).trimEnd())
    .join('\n');

describe('a screen of jailctl top', () => {
  it('has bars for processor and memory, pressure, disks and processes in 80 columns', () => {
    expect(draw({ columns: 80, rows: 9 }, { ...plain, unicode: true })).to.equal(
      ` 3 jails  2 running  1 stopped                    load 1.50 0.25 0.10  12:00:00
 CPU ██████······  50.0% of 2 processors  jails 25.0%
 Mem ███·········     2G of 8G  jails 49M     psi cpu 3.2% memory 0.0% io 15.0%
NAME        STATE      CPU%          MEM             C M I READ  WRITE PIDS   UP
web         running    50.0 ███···   48M ████▌·  75% ▁ · ▅  1.5K   40M   17   1m
idle        running     0.0 ······  300K             · · ·     0     0    2   3d
off         stopped       -            -             - - -     -     -    -    -

 q quit h help c cpu m memory i io n net p pids / filter r reverse space pause`,
    );
  });

  it('has network, limits, restarts and pressure in numbers on a wide one', () => {
    const lines = draw({ columns: 200, rows: 8 }, plain).split('\n');
    expect(lines.slice(3, 6).map((line) => line.replace(/ +/g, ' '))).to.deep.equal([
      'NAME STATE CPU% MEM LIMIT PSI C PSI M PSI I READ WRITE RECV SENT PIDS RST UP',
      'web running 50.0 ###############............... 48M #######################....... 75% 64M' +
        ' 12.5 #..... 0.0 ...... 60.0 ####.. 1.5K 40M 900 4.8M 17 2 1m',
      'idle running 0.0 .............................. 300K - 0.0 ...... 0.0 ...... 0.0 ...... 0 0 0 0 2 0 3d',
    ]);
  });

  it('is never wider or higher than the terminal, whatever the names, the figures and the view', () => {
    const amount = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }));
    const name = fc.string({ unit: 'binary', maxLength: 60 });
    const percent = fc.option(fc.double({ min: 0, max: 100, noNaN: true }));
    const row: fc.Arbitrary<Row> = fc.record({
      ...{ name, state: fc.constantFrom<State>('running', 'preparing', 'failed'), cpu: amount },
      ...{ memory: amount, memoryMax: amount, ioRead: amount, ioWritten: amount, received: amount },
      ...{ sent: amount, pids: fc.option(fc.nat()), restarts: fc.nat(), upMs: fc.option(fc.nat()) },
      waits: fc.record({ cpu: percent, memory: percent, io: percent }),
    });
    const view = fc.record({
      ...{ filter: name, typing: fc.boolean(), help: fc.boolean(), paused: fc.boolean() },
    });
    const size = fc.record({
      columns: fc.integer({ min: 1, max: 250 }),
      rows: fc.integer({ min: 1, max: 60 }),
    });
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), view, size, fc.boolean(), (rows, more, screen, colour) => {
        const shown = { ...figures, rows, total: rows.length };
        const lines = frame(shown, { ...firstView, ...more }, screen, { ...rich, colour }, '12:00:00');
        expect(lines.length).to.be.at.most(screen.rows);
        const printed = lines.map(bare);
        expect(Math.max(...printed.map(widthOf))).to.be.at.most(screen.columns);
        expect(printed.join('')).to.not.match(/[\p{Cc}\p{Cf}]/u);
        if (!colour) expect(lines).to.deep.equal(printed);
      }),
      { numRuns: 300 },
    );
  });

  it('fills its columns to the last place when it is coloured too', () => {
    for (let columns = 40; columns <= 250; columns++) {
      const [, , , titles = ''] = frame(figures, firstView, { columns, rows: 10 }, rich, '12:00:00');
      expect(widthOf(bare(titles))).to.equal(columns);
    }
  });

  it('shows how to go on, what is filtered, and that time stands still', () => {
    const view = { ...firstView, filter: 'we', typing: true, paused: true, help: true };
    const text = draw({ columns: 80, rows: 16 }, plain, view);
    expect(text.split('\n')[0]).to.equal(
      ' 3 jails  2 running  1 stopped  /we_      PAUSED  load 1.50 0.25 0.10  12:00:00',
    );
    expect(text).to.include('Arrows, PgUp, PgDn, Home and End scroll');
  });

  it('has as many rows as it says there is room for', () => {
    for (let rows = 1; rows <= 40; rows++)
      for (const help of [false, true]) {
        const room = roomFor({ columns: 80, rows }, help);
        const many = { ...figures, rows: Array.from({ length: room }, () => idle), total: 99 };
        const lines = frame(many, { ...firstView, help }, { columns: 80, rows }, plain, '');
        expect(lines.filter((line) => line.startsWith('idle')).length).to.equal(room);
        expect(lines.length).to.equal(rows);
      }
  });

  it('is as long as there are jails where nobody types', () => {
    expect(page(figures, firstView, 80, plain, 'now').map((line) => line.slice(0, 12).trim())).to.deep.equal([
      ...['3 jails  2', 'CPU ######.', 'Mem ###....', 'NAME', 'web', 'idle', 'off'],
    ]);
  });
});

describe('the width of a name', () => {
  it('is that of the places that a terminal gives it', () => {
    expect(['web', 'é', '数据库', 'ｗｅｂ', '🐘', 'бд'].map(widthOf)).to.deep.equal([3, 1, 6, 6, 2, 2]);
  });

  it('is kept to without half a character', () => {
    expect([clip('数据库', 5), clip('web', 2), clip('🐘', 1)]).to.deep.equal(['数据', 'we', '']);
  });

  it('is one for each character that a terminal would obey or join to another', () => {
    expect(harmless('a\u001b[2J\u202eb\u0301\u200d\n')).to.equal('a?[2J?b???');
  });
});
