import { doorProbes } from './door.js';
import { processProbes } from './processes.js';
import { readFindings } from './program.js';
import type { Finding, HostProbe, Way } from './probe.js';
import { rootProbes } from './roots.js';
import { Scene } from './scene.js';
import { useProbes } from './use.js';

const hostProbes = [...processProbes, ...doorProbes, ...useProbes];

async function attempt(scene: Scene, probe: HostProbe, way: Way): Promise<Finding> {
  const { name, weight } = probe;
  const seen = await Promise.resolve()
    .then(() => probe.attempt(scene))
    .catch((error: unknown) => `the probe broke: ${String(error)}`);
  return { name, class: probe.class, weight, way, seen };
}

/** What the program in the jail finds; a jail in which it can't even be run holds nothing. */
function attemptInside(scene: Scene, way: Way, words: readonly string[]): readonly Finding[] {
  const { stdout, stderr } = scene.ctl(...words);
  if (stdout === '' && stderr !== '') throw new Error(stderr);
  return readFindings(stdout, way);
}

/**
 * Makes every probe in every way it has, on a jaild of its own.
 *
 * @param names only these; none for all
 * @throws Error when a name is unknown, or the jails to attack can't be started
 */
export async function runProbes(names: readonly string[] = []): Promise<readonly Finding[]> {
  const isWanted = ({ name }: HostProbe): boolean => names.length === 0 || names.includes(name);
  const scene = new Scene();
  try {
    await scene.open();
    const program = ['--', '/bin/probe', ...names];
    const findings = [
      ...attemptInside(scene, 'main', ['run', `path=${scene.rootOf('box')}`, ...program]),
      ...attemptInside(scene, 'exec', ['exec', 'box', ...program]),
      ...attemptInside(scene, 'terminal', ['exec', '-t', 'box', ...program]),
    ];
    for (const probe of hostProbes.filter(isWanted)) findings.push(await attempt(scene, probe, 'host'));
    for (const probe of rootProbes.filter(isWanted)) findings.push(await attempt(scene, probe, 'root'));
    const unknown = names.filter((name) => !findings.some((finding) => finding.name === name));
    if (unknown.length > 0) throw new Error(`no such probe: ${unknown.join(' ')}`);
    return findings;
  } finally {
    await scene.close();
  }
}
