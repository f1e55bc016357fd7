import { appendFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { EventFile } from '../../../src/host/event-file.js';
import { Journal, type EventStore, type NewEvent } from '../../../src/supervise/events/journal.js';
import { temporaryDirectory } from '../../support/temporary.js';

const event = (cause: string): NewEvent => ({
  kind: 'state',
  at: new Date('2026-05-01T00:00:00Z'),
  jail: 'web',
  from: 'starting',
  to: 'running',
  cause,
  detail: '',
});

const causes = (journal: Journal, seq = 0): string[] => journal.since(seq).map(({ cause }) => cause);
const seqs = (journal: Journal): number[] => journal.since(0).map(({ seq }) => seq);

describe('the journal of events', () => {
  let path = '';
  const warnings: string[] = [];
  const open = (size = 4, bootId = 'boot-1', store: EventStore = new EventFile(path, size)): Journal =>
    new Journal({ size, store, bootId, monotonic: () => 1234.9, warn: (message) => warnings.push(message) });

  beforeEach(() => {
    path = join(temporaryDirectory(), 'run/.events');
    warnings.length = 0;
  });

  it('numbers events, with the boot and its time', () => {
    const journal = open();
    journal.append({ ...event('up'), data: { ms: 3 } });
    expect(journal.since(0)).to.deep.equal([
      { seq: 1, ...event('up'), data: { ms: 3 }, bootId: 'boot-1', monotonicMs: 1234 },
    ]);
  });

  it('keeps so many, and gives those after a number', () => {
    const journal = open();
    for (const cause of ['a', 'b', 'c', 'd', 'e', 'f']) journal.append(event(cause));
    expect(causes(journal)).to.deep.equal(['c', 'd', 'e', 'f']);
    expect([causes(journal, 4), causes(journal, 6), causes(journal, 99)]).to.deep.equal([['e', 'f'], [], []]);
    expect(journal.since(1, 2).map(({ seq }) => seq)).to.deep.equal([3, 4]);
  });

  it('goes on where the jaild before ended, however it did', () => {
    const all: number[] = [];
    for (let life = 0; life < 7; life++) {
      const journal = open();
      journal.append(event(`life ${life}`));
      journal.append(event('more'));
      all.push(...seqs(journal).slice(-2));
    }
    expect(all).to.deep.equal(all.map((_, index) => index + 1));
    expect(open().since(0).at(-1)).to.deep.equal({
      seq: 14,
      ...event('more'),
      bootId: 'boot-1',
      monotonicMs: 1234,
    });
  });

  it('has an event on the disk before anybody hears of it', () => {
    const journal = open();
    const seen: string[] = [];
    journal.listen(() => seen.push(...causes(open())));
    journal.append(event('first'));
    expect(seen).to.deep.equal(['first']);
  });

  it('cuts off a line that was being written when jaild was killed', () => {
    open().append(event('whole'));
    appendFileSync(path, '{"seq":2,"kind":"sta');
    const journal = open();
    journal.append(event('next'));
    expect(causes(open())).to.deep.equal(['whole', 'next']);
    expect(seqs(open())).to.deep.equal([1, 2]);
    expect(readFileSync(path, 'utf8').split('\n')).to.have.lengthOf(3);
  });

  it('is not misled by what is no event', () => {
    open().append(event('whole'));
    appendFileSync(path, 'null\n[]\n{"seq":"7"}\n\0\0\0\n');
    open().append(event('next'));
    expect([causes(open()), seqs(open())]).to.deep.equal([
      ['whole', 'next'],
      [1, 2],
    ]);
  });

  it('takes no more than twice its size of the disk', () => {
    const journal = open(100);
    let most = 0;
    for (let i = 0; i < 1050; i++) {
      journal.append(event('x'));
      const files = readdirSync(join(path, '..'));
      const lines = files.map((file) => readFileSync(join(path, '..', file), 'utf8').split('\n').length - 1);
      most = Math.max(
        most,
        lines.reduce((all, one) => all + one, 0),
      );
    }
    expect(most).to.be.within(150, 200);
    expect(seqs(open(100))).to.deep.equal(Array.from({ length: 100 }, (_, index) => 951 + index));
    expect(statSync(path).mode & 0o777).to.equal(0o600);
  });

  it('counts anew after a boot', () => {
    open(4, 'boot-1').append(event('before'));
    const journal = open(4, 'boot-2');
    expect(seqs(journal)).to.deep.equal([]);
    journal.append(event('after'));
    expect([seqs(open(4, 'boot-2')), causes(open(4, 'boot-2'))]).to.deep.equal([[1], ['after']]);
  });

  it('goes on in memory while the disk is full, says so once, and then makes up for it', () => {
    const file = new EventFile(path, 4);
    let isFull = false;
    const store: EventStore = {
      load: () => file.load(),
      clear: () => file.clear(),
      append: (lines) => {
        if (isFull) throw new Error('No space left on device');
        file.append(lines);
      },
    };
    const journal = open(4, 'boot-1', store);
    journal.append(event('a'));
    isFull = true;
    for (const cause of ['b', 'c']) journal.append(event(cause));
    expect(causes(journal)).to.deep.equal(['a', 'b', 'c']);
    isFull = false;
    journal.append(event('d'));
    expect([seqs(open()), causes(open())]).to.deep.equal([
      [1, 2, 3, 4],
      ['a', 'b', 'c', 'd'],
    ]);
    expect(warnings).to.deep.equal([
      'events cannot be written down, keeping them in memory: No space left on device',
      'events are written down again',
    ]);
  });

  it('is written anew when somebody has removed it', () => {
    const journal = open();
    journal.append(event('a'));
    rmSync(join(path, '..'), { recursive: true });
    journal.append(event('b'));
    expect(causes(open())).to.deep.equal(['b']);
    expect(seqs(open())).to.deep.equal([2]);
    expect(warnings).to.deep.equal([]);
  });

  it('begins without what it cannot read', () => {
    writeFileSync(join(temporaryDirectory(), 'file'), '');
    const journal = open(4, 'boot-1', {
      load: () => {
        throw new Error('Input/output error');
      },
      append: () => undefined,
      clear: () => undefined,
    });
    journal.append(event('a'));
    expect(seqs(journal)).to.deep.equal([1]);
    expect(warnings).to.deep.equal(['events of before cannot be read, going on without: Input/output error']);
  });
});
