import { spawn } from 'node:child_process';
import { StepFailure, SystemError } from './error.js';
import { isErrno } from './files.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds. */
const PATIENCE = 30_000;
/** Characters of what it complains of that are kept. */
const KEPT = 4096;

/**
 * Has nft(8) do a script, all of it or nothing. Rejects with SystemError (ENOENT: it is not installed) or StepFailure, with
 * its words.
 * @param path directories that it is looked for in
 */
export async function runNft(script: string, path = PATH): Promise<void> {
  let { code, words } = await nft(script, path);
  // Whoever kills it, as the kernel does for want of memory, means no refusal.
  if (code === null) ({ code, words } = await nft(script, path));
  if (code !== 0) throw refusal(words, code);
}

function nft(
  script: string,
  path: string,
): Promise<{ readonly code: number | null; readonly words: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('nft', ['-f', '-'], {
      cwd: '/',
      env: { PATH: path, LC_ALL: 'C' },
      stdio: ['pipe', 'ignore', 'pipe'],
      signal: AbortSignal.timeout(PATIENCE),
      killSignal: 'SIGKILL',
    });
    let words = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(0, KEPT)));
    child.once('error', (error) => reject(spawnError(error)));
    child.once('close', (code) => resolve({ code, words }));
    child.stdin.on('error', () => undefined); // it ended before it had read all: its exit says why
    child.stdin.end(script);
  });
}

function spawnError(error: Error): Error {
  if (error.name === 'AbortError') return new StepFailure('nft', '', `no answer within ${PATIENCE / 1000} s`);
  if (!isErrno(error)) return error;
  const hint = 'install the package nftables: nat, rdr and isolate take nft(8)';
  return new SystemError('run', -error.errno, 'nft', error.code === 'ENOENT' ? hint : undefined);
}

/** "/dev/stdin:7:5-40: Error: Could not process rule: No such file or directory", then the line and what of it is meant. */
function refusal(words: string, code: number | null): StepFailure {
  const [first = '', line = ''] = words.trim().split('\n');
  const [, reason] = /\bError: (.*)$/.exec(first) ?? [];
  const end = code === null ? 'it was killed' : `it exited ${code}`;
  const shown = line.trim().slice(0, 200);
  return new StepFailure('nft', '', reason ?? (first || end), shown === '' ? undefined : `at: ${shown}`);
}
