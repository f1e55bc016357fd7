import { expect } from 'chai';
import { randomBytes } from 'node:crypto';
import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { JailerHandle, KeptLog } from '../../src/host/host.js';
import { LogKeeper } from '../../src/host/log-keeper.js';
import { onlyJail } from '../support/compile-text.js';
import { temporaryDirectory } from '../support/temporary.js';

const TEXT = '2026-11-22T03:16:56.123456Z stdout all work and no play\n'.repeat(2000);

/** A log below a directory of its own, and who looks after it. */
class Place {
  readonly directory = temporaryDirectory();
  readonly path = `${this.directory}/web.log`;
  readonly warnings: string[] = [];
  readonly keeper = new LogKeeper(
    () => Promise.resolve(this.path),
    (message) => this.warnings.push(message),
  );

  write(name: string, text: string | Buffer): void {
    writeFileSync(`${this.directory}/${name}`, text, { mode: 0o640 });
    utimesSync(`${this.directory}/${name}`, 1000, 1234.567891);
  }

  tend(body = '', writer: KeptLog['writer'] = () => 'nobody', path: string | null = this.path): void {
    this.keeper.tend({ jail: onlyJail(`web { path = /p; persist; ${body} }`), path, writer });
  }

  get names(): readonly string[] {
    return readdirSync(this.directory).sort();
  }

  async until(...names: readonly string[]): Promise<void> {
    for (let i = 0; i < 6000 && this.names.join() !== names.join(); i++) await pause(10);
    expect(this.names).to.deep.equal(names);
  }

  textOf(name: string): string {
    return gunzipSync(readFileSync(`${this.directory}/${name}`)).toString();
  }
}

describe('logs that were put aside', () => {
  it('are compressed, with owner, mode and time as they were', async () => {
    const place = new Place();
    for (const name of ['web.log', 'web.log.1', 'web.log.2']) place.write(name, `${name}\n${TEXT}`);
    place.write('web.log.3.gz', 'there already');
    place.write('.web.log.gz', 'half of what an earlier jaild has compressed');
    place.tend();
    await place.until('web.log', 'web.log.1.gz', 'web.log.2.gz', 'web.log.3.gz');
    expect([place.textOf('web.log.1.gz'), place.textOf('web.log.2.gz')]).to.deep.equal([
      `web.log.1\n${TEXT}`,
      `web.log.2\n${TEXT}`,
    ]);
    const { mode, mtimeMs } = statSync(`${place.directory}/web.log.2.gz`);
    expect([mode & 0o777, Math.round(mtimeMs)]).to.deep.equal([0o640, 1234568]);
    expect(place.warnings).to.deep.equal([]);
  });

  it('are put in their place by the jailer, if there is one, and by jaild when it has gone', async () => {
    const place = new Place();
    place.write('web.log.1', TEXT);
    const asked: (readonly [bigint, string])[] = [];
    const handle = { replaceLog: (inode: bigint, file: string) => asked.push([inode, file]) };
    let writer: ReturnType<KeptLog['writer']> = 'unknown';
    place.tend('', () => writer);
    await place.until('.web.log.gz', 'web.log.1');
    await pause(50);
    writer = handle as unknown as JailerHandle; // nothing else of it is used
    for (let i = 0; i < 6000 && asked.length === 0; i++) await pause(10);
    const { ino } = statSync(`${place.directory}/web.log.1`, { bigint: true });
    expect(asked).to.deep.equal([[ino, '.web.log.gz']]);
    // It has been rotated once more before the jailer went.
    renameSync(`${place.directory}/web.log.1`, `${place.directory}/web.log.2`);
    place.write('web.log.1', TEXT);
    writer = 'nobody';
    await place.until('web.log.1.gz', 'web.log.2.gz');
    expect(asked).to.have.length(1);
  });

  it('stay as they are when they are no smaller, too large, links or not alone', async () => {
    const place = new Place();
    place.write('web.log.1', randomBytes(50_000));
    place.write('web.log.2', '');
    truncateSync(`${place.directory}/web.log.2`, 2 ** 40);
    symlinkSync('/etc/passwd', `${place.directory}/web.log.3`);
    const before = place.names;
    place.tend('log.max_size = 64K;');
    await pause(200);
    expect(place.names).to.deep.equal(before);
    unlinkSync(`${place.directory}/web.log.3`);
    place.write('web.log.3', TEXT);
    linkSync(`${place.directory}/web.log.3`, `${place.directory}/other`);
    place.tend('log.max_size = 1M;');
    await pause(200);
    expect(place.names).to.deep.equal(['other', 'web.log.1', 'web.log.2', 'web.log.3']);
    expect(place.warnings).to.deep.equal([]);
  });

  it('stay as they are where all files together would pass the bound', async () => {
    const place = new Place();
    const halfRandom = Buffer.concat(
      Array.from({ length: 40 }, () => Buffer.concat([randomBytes(1000), Buffer.alloc(500)])),
    );
    for (const name of ['web.log', 'web.log.1']) place.write(name, halfRandom);
    place.tend('log.max_size = 64K; log.max_files = 2;');
    await pause(200);
    expect(place.names).to.deep.equal(['web.log', 'web.log.1']);
    place.tend('log.max_size = 100K; log.max_files = 2;');
    await place.until('web.log', 'web.log.1.gz');
  });

  it('of a directory that a jail can change are reached by no link', async () => {
    const place = new Place();
    const elsewhere = temporaryDirectory();
    writeFileSync(`${elsewhere}/web.log.1`, TEXT);
    symlinkSync(elsewhere, `${place.directory}/link`);
    place.tend('', () => 'nobody', `${place.directory}//link/web.log`);
    for (let i = 0; i < 6000 && place.warnings.length === 0; i++) await pause(10);
    expect(place.warnings.join()).to.match(/^a log of web is not compressed, going on: .*symbolic link/);
    expect(readdirSync(elsewhere)).to.deep.equal(['web.log.1']);
    place.tend(
      '',
      () => 'nobody',
      `${elsewhere.slice(0, elsewhere.lastIndexOf('/'))}/${elsewhere.slice(elsewhere.lastIndexOf('/'))}/web.log`,
    );
    for (let i = 0; i < 6000 && readdirSync(elsewhere).join() !== 'web.log.1.gz'; i++) await pause(10);
    expect(readdirSync(elsewhere)).to.deep.equal(['web.log.1.gz']);
  });
});
