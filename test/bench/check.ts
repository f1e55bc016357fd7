import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureCheckOf } from '../support/measured-check.js';
import type { Line } from './report.js';
import { race } from './statistics.js';
import { Stopwatch } from './stopwatch.js';

const program = join(import.meta.dirname, '../../../bin/jailctl');
const GLOBALS = `$domain = "example.org"; $root = "";
path = "$root/"; exec.start = "/bin/sh /etc/profile"; exec.clean; mount.devfs;
"web.*" { $role = "web"; pids.max = 200; restart = on-failure; meta.role = "$role"; }
`;

/** A jail of fifteen parameters and two variables, which a wildcard block covers. */
const jail = (n: number): string => `web.j${n} {
  $id = ${n};
  $net = "10.${(n >> 16) + 1}.${(n >> 8) & 255}";
  jid = ${n + 1};
  host.hostname = "j$id.$domain";
  ip4.addr = "$net.${n & 255}/8", "10.${(n >> 16) + 101}.${(n >> 8) & 255}.${n & 255}/32";
  exec.prestart = "/bin/echo start $name", "/bin/mkdir -p /tmp/$name";
  exec.start += "/bin/echo $id";
  exec.stop = "/bin/echo stop $id";
  exec.poststop = "/bin/echo stop $name";
  exec.consolelog = "/var/log/$name.log";
  memory.max = ${64 + (n % 8)}M;
  cpu.weight = ${100 + (n % 5)};
  allow.raw_sockets;
  stop.timeout = ${10 + (n % 20)};
  priority = ${n % 100};
  auto = false;
  meta.owner = "team-${n % 20}";
}
`;

/** `jailctl check` of large files: how long it takes, Node's own start included, and in how much memory. */
export async function measureCheck(count: number, rounds: number): Promise<readonly Line[]> {
  const prefix = mkdtempSync('/tmp/jaild-bench-');
  const watch = new Stopwatch();
  try {
    const file = (jails: number): string => {
      const path = join(prefix, `${jails}.conf`);
      writeFileSync(path, GLOBALS + Array.from({ length: jails }, (_, n) => jail(n)).join(''));
      return path;
    };
    const [few, many] = [file(count), file(10 * count)];
    const check = (path: string) => () =>
      watch.run([program, '--prefix', prefix, 'check', '--no-host', path]);
    const onHost = () => watch.run([program, '--prefix', prefix, 'check', few]);
    const times = await race({ few: check(few), onHost }, rounds, 1);
    const { long } = await race({ long: check(many) }, 2, 0);
    const [fewMb, manyMb] = [few, many].map((path) => measureCheckOf(path, 120_000).peakMb);
    const ten = { name: `10 × ${count}`, figure: 10 * times.few };
    return [
      {
        what: `check of ${count} jails in one file`,
        figure: times.few,
        unit: 'ms',
        peer: null,
        budget: 1000,
      },
      {
        what: '... and of what they need of the host',
        figure: times.onHost,
        unit: 'ms',
        peer: null,
        budget: 1500,
      },
      { what: '... its memory', figure: fewMb ?? NaN, unit: 'MB', peer: null, budget: 250 },
      { what: `check of ${10 * count} jails in one file`, figure: long, unit: 'ms', peer: ten, budget: 1.2 },
      { what: '... its memory', figure: manyMb ?? NaN, unit: 'MB', peer: null, budget: 2500 },
    ];
  } finally {
    watch.close();
    rmSync(prefix, { recursive: true });
  }
}
