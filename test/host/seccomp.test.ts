import { expect } from 'chai';
import {
  chmodSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StepFailure, SystemError } from '../../src/host/error.js';
import { SeccompCache } from '../../src/host/seccomp.js';

describe('compiled system call policies', () => {
  let directory: string;
  let compiler: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'jaild-seccomp-'));
    compiler = join(directory, 'compile');
    install('');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** A compiler that writes down that it ran, and makes of a policy as many instructions as it has bytes, up to 8. */
  function install(mark: string): void {
    const program = `#!/bin/sh\n# ${mark}\necho run >> ${directory}/runs\nread -r a\n`;
    const body =
      '[ "$a" = bad ] && { echo "policy: line 1: no such call" >&2; exit 1; }\n[ "$a" = odd ] && a=1234567\n';
    writeFileSync(compiler, `${program}${body}printf %s "$a"\n`);
    chmodSync(compiler, 0o755);
  }
  const runs = (): number => readFileSync(join(directory, 'runs'), 'utf8').split('\n').length - 1;
  const failureOf = (promise: Promise<string>): Promise<unknown> => promise.catch((error: unknown) => error);

  it('are made once, also for two starts at a time and for the next jaild, and only root reads them', async () => {
    const cache = new SeccompCache(directory, compiler);
    const [first, second] = await Promise.all([cache.programOf('12345678\n'), cache.programOf('12345678\n')]);
    expect(await new SeccompCache(directory, compiler).programOf('12345678\n')).to.equal(first);
    expect([second, runs()]).to.deep.equal([first, 1]);
    expect(readFileSync(first, 'utf8')).to.equal('12345678');
    expect(statSync(first).mode & 0o777).to.equal(0o600);
  });

  it('are made again for another policy, by another compiler, and when the file is cut off', async () => {
    const one = await new SeccompCache(directory, compiler).programOf('12345678');
    expect(await new SeccompCache(directory, compiler).programOf('87654321')).not.to.equal(one);
    truncateSync(one, 5);
    expect(await new SeccompCache(directory, compiler).programOf('12345678')).to.equal(one);
    expect(statSync(one).size).to.equal(8);
    install('a newer one');
    expect(await new SeccompCache(directory, compiler).programOf('12345678')).not.to.equal(one);
    expect([runs(), readdirSync(`${directory}/seccomp`).length]).to.deep.equal([4, 3]);
  });

  it('with a mistake fail in the words of the compiler, and are tried again', async () => {
    const cache = new SeccompCache(directory, compiler);
    for (const expected of [1, 2]) {
      const failure = await failureOf(cache.programOf('bad\n'));
      expect(failure).to.be.instanceOf(StepFailure);
      expect(failure).to.have.property('message', 'seccomp policy: policy: line 1: no such call');
      expect(runs()).to.equal(expected);
    }
    expect(await failureOf(cache.programOf('odd\n'))).to.have.property(
      'message',
      'seccomp policy: 7 bytes are no program of at most 32768',
    );
  });

  it('need a compiler, and the error says how to get it', async () => {
    const failure = await failureOf(new SeccompCache(directory, `${directory}/none`).programOf('x'));
    expect(failure).to.be.instanceOf(SystemError);
    expect(failure).to.include({
      message: `open ${directory}/none: No such file or directory`,
      hint: 'run npm run setup',
    });
  });
});
