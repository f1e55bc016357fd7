import { expect } from 'chai';
import { compile, type Compiled } from '../../../src/config/compile.js';
import type { FileLook } from '../../../src/host/file-look.js';
import { readSettled, wereWhole } from '../../../src/supervise/reload/settled.js';
import { FakeHost } from '../../support/fake-host.js';

/** A file that is written bit by bit, each at its time, while it is read. */
class Writing {
  readonly clock = new FakeHost().clock;
  readonly start = this.clock.now();
  /** Times, counted from the start, and what the file has from then on. */
  readonly texts: (readonly [at: number, text: string])[] = [];
  reads = 0;
  /** Until then somebody has it open to write to it. */
  openUntil = 0;

  private get last(): readonly [number, string] | undefined {
    return this.texts.filter(([at]) => this.start + at <= this.clock.now()).at(-1);
  }

  readonly load = (): Compiled => {
    this.reads++;
    return compile(['jail.conf'], { readFile: () => this.last?.[1] ?? '', glob: () => [] });
  };

  readonly look = (): FileLook | null => {
    const [at, text] = this.last ?? [0, ''];
    const isOpen = this.start + this.openUntil > this.clock.now();
    const changedAt = this.start + at;
    return this.last === undefined ? null : { likeness: `${at} ${text.length}`, changedAt, isOpen };
  };

  /** What is read from `at` on, when it is, and the file that would not come to rest. */
  async read(at: number) {
    await this.clock.advance(at);
    const { clock, load, look } = this;
    let done: Awaited<ReturnType<typeof readSettled>> | null = null;
    void readSettled({ load, look, clock, files: ['jail.conf'] }).then((result) => (done = result));
    while (done === null) await clock.advance(10);
    const { read, unsettled }: Awaited<ReturnType<typeof readSettled>> = done;
    return { jails: read.jails.map(({ name }) => name), unsettled, took: clock.now() - this.start - at };
  }
}

const [half, whole] = ['a { path = /; persist; }', 'a { path = /; persist; } b { path = /; persist; }'];

describe('a file that is read', () => {
  it('is taken at once when nobody has written to it for a moment', async () => {
    const file = new Writing();
    file.texts.push([0, whole]);
    const { jails, unsettled } = await file.read(1000);
    expect([jails, unsettled, file.reads]).to.deep.equal([['a', 'b'], null, 1]);
  });

  it('is waited for while it is written, however right the half of it is', async () => {
    const file = new Writing();
    file.texts.push([0, half], [30, half], [70, whole]);
    const { jails, unsettled } = await file.read(10);
    expect([jails, unsettled, file.reads]).to.deep.equal([['a', 'b'], null, 1]);
  });

  it('is waited for while somebody has it open to write more, however long that takes to come', async () => {
    const file = new Writing();
    file.texts.push([0, half], [900, whole]);
    file.openUntil = 901;
    const { jails, unsettled } = await file.read(500);
    expect([jails, unsettled, file.reads]).to.deep.equal([['a', 'b'], null, 1]);
  });

  it('is read again when somebody wrote to it meanwhile', async () => {
    const file = new Writing();
    file.texts.push([0, half]);
    const { load } = file;
    const during = {
      ...{ clock: file.clock, look: file.look, files: ['jail.conf'] },
      load: () => {
        const read = load();
        if (file.reads === 1) file.texts.push([-1000, whole]);
        return read;
      },
    };
    await file.clock.advance(1000);
    const { read, unsettled } = await readSettled(during);
    expect([read.jails.length, unsettled, file.reads]).to.deep.equal([2, null, 2]);
  });

  it('is told of when it does not come to rest', async () => {
    const file = new Writing();
    for (let at = 0; at < 10_000; at += 20) file.texts.push([at, half]);
    const { unsettled, took } = await file.read(10);
    expect([unsettled, took >= 2000 && took < 2200]).to.deep.equal(['jail.conf', true]);
  });

  it('was whole when it had been so for a moment before', () => {
    const look = (): FileLook => ({ likeness: '', changedAt: 1000, isOpen: false });
    const found = [1049, 1050, 1051].map((at) => wereWhole(['jail.conf'], at, look));
    const open = wereWhole(['jail.conf'], 9999, () => ({ ...look(), isOpen: true }));
    const none = wereWhole(['none'], 0, () => null);
    expect([...found, open, none]).to.deep.equal([false, false, true, false, true]);
  });
});
