import { dependenciesOf } from '../config/rules.js';
import { closest, distance } from 'fastest-levenshtein';
import { isStartable, type Compiled, type Jail } from '../config/jail.js';
import { isDown, isUp } from './lifecycle.js';
import { cycles, dependencyGraph, reversed, type Graph } from './order.js';
import type { Outcome } from './operations.js';
import type { SupervisedJail } from './jail.js';

/** The jails there are: those of the files, and those that run without being in them any more. */
export class Roster {
  readonly jails = new Map<string, SupervisedJail>();
  /** Who depends on whom, and the other way round. */
  graph: Graph = new Map();
  dependants: Graph = new Map();
  private listed = new Map<string, Jail>();
  private cyclic: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(private readonly create: (jail: Jail) => SupervisedJail) {}

  /** Takes over the jails of new files. @returns the names that are gone from them and from the machine */
  accept(configuration: Compiled): readonly string[] {
    this.listed = new Map(configuration.jails.map((jail) => [jail.name, jail]));
    this.graph = dependencyGraph(
      configuration.jails.map(({ name, values }) => ({
        name,
        depend: dependenciesOf(name, values.depend ?? []).filter((other) => this.listed.has(other)),
        priority: values.priority ?? 0,
      })),
    );
    this.dependants = reversed(this.graph);
    this.cyclic = cycles(this.graph);
    for (const definition of this.listed.values()) {
      const jail = this.jails.get(definition.name);
      if (jail === undefined) this.jails.set(definition.name, this.create(definition));
      else jail.definition = definition;
    }
    return [...this.jails.values()].filter((jail) => this.forget(jail)).map((jail) => jail.name);
  }

  /** Drops a jail that is in no file and of which nothing runs. */
  forget(jail: SupervisedJail): boolean {
    const over = isDown(jail.phase) && jail.phase !== 'waiting' && jail.phase !== 'backoff';
    if (!over || (this.isListed(jail.name) && !jail.mode.foreground)) return false;
    return this.jails.delete(jail.name);
  }

  isListed(name: string): boolean {
    return this.listed.has(name);
  }

  /** Names of the dependencies that are not up. */
  missing(jail: SupervisedJail): readonly string[] {
    const depend = this.graph.get(jail.name) ?? [];
    return depend.filter((name) => !isUp(this.jails.get(name)?.phase ?? 'stopped'));
  }

  /** Why a jail cannot even be tried, or null. */
  refusal(name: string): Outcome | null {
    const base = { jail: name, ok: false, changed: false };
    if (!this.jails.has(name)) return noSuchJail(name, [...this.jails.keys()]);
    const jail = this.listed.get(name);
    const cycle = this.cyclic.get(name);
    if (cycle !== undefined)
      return { ...base, code: 2, message: `not started: dependency loop: ${cycle.join(' -> ')}` };
    if (jail === undefined || isStartable(jail)) return null;
    const wrong = jail.diagnostics.find((d) => d.severity === 'error');
    const place = wrong?.span ? `${wrong.span.file}:${wrong.span.line}:${wrong.span.column}: ` : '';
    const message = `not started: ${place}${wrong?.message ?? 'its configuration is wrong'}`;
    return { ...base, code: 2, message, ...(wrong?.hint !== undefined && { hint: wrong.hint }) };
  }
}

/** The outcome for a name that no jail has, with the nearest that one has. */
export function noSuchJail(name: string, names: readonly string[]): Outcome {
  const near = names.length === 0 ? null : closest(name, names);
  const hint = near !== null && distance(near, name) <= 2 ? { hint: `did you mean "${near}"?` } : {};
  return { jail: name, ok: false, changed: false, message: 'no such jail', code: 4, ...hint };
}
