import { readFindings } from './program.js';
import type { Finding, HostProbe, Way } from './probe.js';
import { doorProbes } from './door.js';
import { processProbes } from './processes.js';
import { rootProbes } from './roots.js';
import { Scene } from './scene.js';
import { useProbes } from './use.js';

async function attempt(scene: Scene, probe: HostProbe, way: Way): Promise<Finding> {
  const { name, weight } = probe;
  const begun = Date.now();
  const seen = await Promise.resolve()
    .then(() => probe.attempt(scene))
    .catch((error: unknown) => `the probe broke: ${String(error)}`);
  if (Date.now() - begun > 900) console.error('SLOW', name, Date.now() - begun);
  return { name, class: probe.class, weight, way, seen };
}

/** Makes every probe in every way it has, on a jaild of its own. */
export async function runProbes(): Promise<readonly Finding[]> {
  const scene = new Scene();
  try {
    await scene.open();
    const box = `path=${scene.rootOf('box')}`;
    const findings = [
      ...readFindings(scene.ctl('run', box, '--', '/bin/probe').stdout, 'main'),
      ...readFindings(scene.ctl('exec', 'box', '--', '/bin/probe').stdout, 'exec'),
    ];
    for (const probe of [...processProbes, ...doorProbes, ...useProbes])
      findings.push(await attempt(scene, probe, 'host'));
    for (const probe of rootProbes) findings.push(await attempt(scene, probe, 'root'));
    return findings;
  } finally {
    await scene.close();
  }
}
