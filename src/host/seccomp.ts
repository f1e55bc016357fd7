import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { StepFailure } from './error.js';
import { isErrno, systemError, writeAtomically } from './files.js';

/** Bytes of a struct sock_filter, and the most that seccomp(2) takes: BPF_MAXINSNS of them. */
const INSTRUCTION = 8;
const PROGRAM_MAX = 4096 * INSTRUCTION;
const COMPILE_TIMEOUT_MS = 10_000;

/** Turns policies into BPF programs and keeps them on disk by the hash of policy and compiler, so that each is compiled once. */
export class SeccompCache {
  readonly #directory: string;
  readonly #compiler: string;
  /** Policy → its file, or the compilation that is under way. */
  readonly #programs = new Map<string, Promise<string>>();
  #compilerHash: string | null = null;

  /**
   * @param stateDirectory of the instance; programs lie in its `seccomp`
   * @param compiler native/build/seccomp-compile: policy on stdin, program on stdout
   */
  constructor(stateDirectory: string, compiler: string) {
    this.#directory = `${stateDirectory}/seccomp`;
    this.#compiler = compiler;
  }

  /**
   * The file with the program for a policy. Rejects with SystemError (ENOENT: no compiler) or StepFailure (a mistake in
   * the policy, in the compiler's words).
   */
  programOf(policy: string): Promise<string> {
    const known = this.#programs.get(policy);
    if (known === undefined) return this.#remember(policy);
    // Somebody may have removed the file meanwhile.
    return known.then((file) => (existsSync(file) ? file : this.#remember(policy)));
  }

  #remember(policy: string): Promise<string> {
    const program = this.#find(policy);
    this.#programs.set(policy, program);
    program.catch(() => this.#programs.delete(policy)); // the next start tries again
    return program;
  }

  async #find(policy: string): Promise<string> {
    const hash = createHash('sha256')
      .update(this.#hashOfCompiler())
      .update('\0')
      .update(policy)
      .digest('hex');
    const file = `${this.#directory}/${hash}.bpf`;
    if (existsSync(file) && isProgram(statSync(file).size)) return file;
    const program = await compile(this.#compiler, policy);
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw systemError(error);
    }
    writeAtomically(file, program, { sync: true });
    return file;
  }

  /** A program is only as good as its compiler: a new one compiles all policies again. */
  #hashOfCompiler(): string {
    try {
      this.#compilerHash ??= createHash('sha256').update(readFileSync(this.#compiler)).digest('hex');
      return this.#compilerHash;
    } catch (error) {
      throw compilerError(error, this.#compiler);
    }
  }
}

const isProgram = (bytes: number): boolean => bytes > 0 && bytes <= PROGRAM_MAX && bytes % INSTRUCTION === 0;

function compilerError(error: unknown, compiler: string): Error {
  const missing = isErrno(error) && error.code === 'ENOENT';
  return systemError(error, compiler, missing ? 'run npm run setup' : undefined);
}

function compile(compiler: string, policy: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'buffer', env: {}, maxBuffer: 1 << 20, timeout: COMPILE_TIMEOUT_MS } as const;
    const child = execFile(compiler, [], options, (error, stdout, stderr) => {
      if (isErrno(error)) return reject(compilerError(error, compiler));
      if (error !== null)
        return reject(new StepFailure('seccomp', 'policy', lastLine(stderr) ?? error.message));
      if (isProgram(stdout.length)) return resolve(stdout);
      reject(
        new StepFailure(
          'seccomp',
          'policy',
          `${stdout.length} bytes are no program of at most ${PROGRAM_MAX}`,
        ),
      );
    });
    child.stdin?.on('error', () => undefined); // EPIPE: it gave up reading, and says why on stderr
    child.stdin?.end(policy);
  });
}

const lastLine = (output: Buffer): string | undefined =>
  output.toString().trim().split('\n').at(-1) || undefined;
