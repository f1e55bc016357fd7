import type { Jail } from '../config/compile.js';
import type { Host } from '../host/host.js';
import type { JailPlan, StepOf } from '../plan/step.js';
import { runEach } from './executor.js';
import type { Incarnation, PlanJail } from './incarnation.js';

type Limit = StepOf<'cgroup.set'>;

/** Changes a running jail to a new definition of which only live parameters differ. @returns what failed */
export async function changeLive(
  life: Incarnation,
  jail: Jail,
  host: Host,
  planJail: PlanJail,
): Promise<readonly unknown[]> {
  const old = life.plan;
  if (old === null) return [];
  const facts = await host.facts(jail);
  const fresh = planJail(jail, { ...facts, jid: life.jid, launch: life.id }, life.mode);
  const errors = await runEach(host.executors, changedLimits(old, fresh), life.launch);
  const { poststart, stop, poststop, release, startTimeout, stopTimeout } = fresh;
  life.plan = {
    ...old,
    poststart,
    stop,
    poststop,
    release,
    startTimeout,
    stopTimeout,
    prepare: withLimits(old, fresh),
  };
  life.jail = jail;
  return errors;
}

/** The limits to write: those that are new or different, and no limit for those that are gone. */
export function changedLimits(old: JailPlan, fresh: JailPlan): readonly Limit[] {
  const before = new Map(limitsOf(old).map((limit) => [limit.args.file, limit]));
  const after = new Map(limitsOf(fresh).map((limit) => [limit.args.file, limit]));
  const gone = [...before.values()].filter((limit) => !after.has(limit.args.file));
  return [
    ...[...after.values()].filter((limit) => before.get(limit.args.file)?.args.value !== limit.args.value),
    ...gone.map((limit): Limit => ({ ...limit, args: { ...limit.args, value: unlimited(limit.args.file) } })),
  ];
}

function limitsOf(plan: JailPlan): readonly Limit[] {
  return plan.prepare.filter((step) => step.name === 'cgroup.set');
}

function withLimits(old: JailPlan, fresh: JailPlan): JailPlan['prepare'] {
  const limits = limitsOf(fresh);
  const rest = old.prepare.filter((step) => step.name !== 'cgroup.set');
  const place = rest.findIndex((step) => step.name === 'cgroup.create') + 1;
  return [...rest.slice(0, place), ...limits, ...rest.slice(place)];
}

/** What a control file holds when nothing is set (Control Group v2; cgroup-v1/memory, sched-bwc, blkio-controller). */
function unlimited(file: string): string {
  const name = file.slice(file.lastIndexOf('/') + 1);
  if (/^memory\.(low|min|oom\.group)$|^memory\.oom_control$/.test(name)) return '0';
  if (/limit_in_bytes$|cfs_quota_us$/.test(name)) return '-1';
  if (name === 'cpu.shares') return '1024';
  if (/^(cpu|io)\.weight$/.test(name)) return '100';
  if (/^blkio\.(bfq\.)?weight$/.test(name)) return '500';
  return 'max';
}
