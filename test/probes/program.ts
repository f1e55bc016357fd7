import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding, Way, Weight } from './probe.js';

const repository = join(import.meta.dirname, '../../..');
const sources = join(repository, 'test/probes/inside');
const program = join(repository, 'native/build/probe');
const kernelHeaders = ['-idirafter', '/usr/include', '-idirafter', '/usr/include/x86_64-linux-gnu'];
const flags = ['-std=c17', '-D_GNU_SOURCE=', '-Wall', '-Wextra', '-Werror', '-O1', '-static', '-s'];

/** Compiles inside/*.c when they have changed. Returns the program's path. */
export function compileProbes(): string {
  const files = readdirSync(sources).map((name) => join(sources, name));
  const newest = Math.max(...files.map((file) => statSync(file).mtimeMs));
  if (existsSync(program) && statSync(program).mtimeMs > newest) return program;
  mkdirSync(join(repository, 'native/build'), { recursive: true });
  const units = files.filter((file) => file.endsWith('.c'));
  const { status, stderr } = spawnSync('musl-gcc', [...flags, ...kernelHeaders, '-o', program, ...units], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return program;
}

/** What the program printed, as findings. @throws Error when a line is not one of its */
export function readFindings(output: string, way: Way): readonly Finding[] {
  return output
    .replaceAll('\r', '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, name, kind, weight, answer, detail] =
        /^(\w+) (\S+) ([1248]) (pass|fail) ?(.*)$/.exec(line) ?? [];
      if (name === undefined || kind === undefined) throw new Error(`not a finding: ${line}`);
      const seen = answer === 'pass' ? null : detail || 'failed';
      return { name, class: kind, weight: Number(weight) as Weight, way, seen };
    });
}

interface Device {
  readonly name: string;
  readonly kind: 'b' | 'c';
  readonly major: string;
  readonly minor: string;
}

/** The nodes that the device probes look for in /srv, read from their table. */
export function devicesOf(): readonly Device[] {
  const text = readFileSync(join(sources, 'devices.c'), 'utf8');
  return [...text.matchAll(/DEVICE\(\w+, (\w+), "[^"]+", S_IF(BLK|CHR), (\d+), (\d+)\)/g)].map(
    ([, id = '', kind, major = '', minor = '']) => ({
      name: `device_${id}`,
      kind: kind === 'BLK' ? 'b' : 'c',
      major,
      minor,
    }),
  );
}
