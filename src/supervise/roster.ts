import { dependenciesOf } from '../config/rules/rules.js';
import { closest, distance } from 'fastest-levenshtein';
import type { Diagnostic } from '../config/diagnostic.js';
import { isStartable, type Compiled, type Jail } from '../config/jail.js';
import { isDown, isUp } from './lifecycle.js';
import { cycles, dependencyGraph, reversed, waves, type Graph } from './order.js';
import type { Outcome } from './operations.js';
import type { SupervisedJail } from './jail.js';
import { changedParameters } from './reload/differences.js';

/** Who depends on whom, the other way round, and who is in a cycle. */
interface Links {
  readonly graph: Graph;
  readonly dependants: Graph;
  readonly cyclic: ReadonlyMap<string, readonly string[]>;
}

/** The jails there are: those of the files, and those that run without being in them. */
export class Roster {
  readonly jails = new Map<string, SupervisedJail>();
  private listed = new Map<string, Jail>();
  /** What the files said when they were read last, whether that was taken over or not. */
  private read: Pick<Compiled, 'broken' | 'diagnostics'> = { broken: [], diagnostics: [] };
  private readJails: ReadonlyMap<string, Jail> = this.listed;
  /** Found out when it is asked for, for it changes with every jail that comes and goes. */
  private known: Links | null = null;

  constructor(private readonly create: (jail: Jail) => SupervisedJail) {}

  /** Takes over the jails of new files. @returns the names that are gone from them and from the machine */
  accept(configuration: Compiled): readonly string[] {
    const before = this.listed;
    this.listed = new Map(configuration.jails.map((jail) => [jail.name, jail]));
    this.note(configuration);
    this.relink();
    for (const definition of this.listed.values()) {
      const jail = this.jails.get(definition.name);
      if (jail === undefined) this.jails.set(definition.name, this.create(definition));
      else this.follow(jail, definition);
    }
    for (const jail of this.jails.values()) {
      if (this.isListed(jail.name)) continue;
      jail.filed = null;
      // Nothing of it runs, and no file asks for it any more: it must not come up by itself.
      const isToCome = jail.phase === 'waiting' || jail.phase === 'backoff';
      if (isToCome && before.has(jail.name)) jail.stop({}, 'in no file any more');
    }
    return [...this.jails.values()].filter((jail) => this.forget(jail)).map((jail) => jail.name);
  }

  /** Files were read, which may be wrong and are not taken over then: what is amiss in them is told of. */
  note(configuration: Compiled): void {
    this.read = configuration;
    this.readJails = new Map(configuration.jails.map((jail) => [jail.name, jail]));
  }

  /** What is wrong in the files, as they were when they were read last. */
  get mistakes(): readonly Diagnostic[] {
    return this.read.diagnostics.filter(isError);
  }

  /** What of that concerns a jail. */
  mistakesOf({ name, mode }: SupervisedJail): readonly Diagnostic[] {
    if (mode.foreground) return [];
    return (this.readJails.get(name)?.diagnostics ?? this.read.broken).filter(isError);
  }

  /** What the jails of new files will be taken for: one that was changed stays so while its file says what it did. */
  withChanges(definitions: readonly Jail[]): readonly Jail[] {
    return definitions.map((definition) => {
      const jail = this.jails.get(definition.name);
      return jail !== undefined && isAsFiled(jail, definition) ? jail.definition : definition;
    });
  }

  private follow(jail: SupervisedJail, definition: Jail): void {
    if (isAsFiled(jail, definition)) return;
    jail.filed = null;
    jail.definition = definition;
  }

  /** Gives a jail another definition than its file has, until it is down or its file changes; or adds one that is in no file. */
  replace(definition: Jail): SupervisedJail {
    const jail = this.jails.get(definition.name) ?? this.create(definition);
    const listed = this.listed.get(definition.name);
    const differs = listed !== undefined && changedParameters(listed.values, definition.values).length > 0;
    jail.filed = differs ? listed.values : null;
    jail.definition = definition;
    this.jails.set(definition.name, jail);
    this.relink();
    return jail;
  }

  /** Makes a jail again what its file says. */
  restore(jail: SupervisedJail): void {
    const listed = this.listed.get(jail.name);
    if (jail.filed === null || listed === undefined) return;
    jail.filed = null;
    jail.definition = listed;
    this.relink();
  }

  /** Drops a jail that is in no file and of which nothing runs; one that is in a file is as its file has it. */
  forget(jail: SupervisedJail): boolean {
    const over = isDown(jail.phase) && jail.phase !== 'waiting' && jail.phase !== 'backoff';
    if (!over) return false;
    if (this.isListed(jail.name) && !jail.mode.foreground) {
      this.restore(jail);
      return false;
    }
    this.relink();
    return this.jails.delete(jail.name);
  }

  /** Dependencies may have changed. */
  relink(): void {
    this.known = null;
  }

  /** Who depends on whom: jails of the files in their order, then the others; those of a client's own take no part. */
  get graph(): Graph {
    return this.links().graph;
  }

  get dependants(): Graph {
    return this.links().dependants;
  }

  private links(): Links {
    if (this.known !== null) return this.known;
    const present = [...this.jails.values()].filter((jail) => !jail.mode.foreground);
    const others = present.filter((jail) => !this.isListed(jail.name)).map((jail) => jail.name);
    const names = new Set([...this.listed.keys(), ...others]);
    const nodes = [...names].map((name) => {
      const values = this.jails.get(name)?.definition.values ?? {};
      const depend = dependenciesOf(name, values.depend ?? []).filter((other) => names.has(other));
      return { name, depend, priority: values.priority ?? 0 };
    });
    const graph = dependencyGraph(nodes);
    this.known = { graph, dependants: reversed(graph), cyclic: cycles(graph) };
    return this.known;
  }

  /** Jails in the order in which they start: dependencies first, then by priority. */
  inOrder(jails: readonly SupervisedJail[]): readonly SupervisedJail[] {
    const names = jails.map(({ name }) => name);
    const place = new Map(
      waves(this.graph, names)
        .flat()
        .map((name, index) => [name, index]),
    );
    const placeOf = ({ name }: SupervisedJail): number => place.get(name) ?? Infinity;
    return [...jails].sort((a, b) => Math.sign(placeOf(a) - placeOf(b)) || 0);
  }

  isListed(name: string): boolean {
    return this.listed.has(name);
  }

  /** Names of the dependencies that are not up. */
  missing(jail: SupervisedJail): readonly string[] {
    const depend = this.graph.get(jail.name) ?? [];
    return depend.filter((name) => !isUp(this.jails.get(name)?.phase ?? 'stopped'));
  }

  /**
   * What somebody who starts a jail would get: one that goes on as it was started, for its file has a mistake, is not
   * started so once more.
   */
  private nextOf(name: string): Jail | undefined {
    const jail = this.jails.get(name);
    return jail?.filed === null ? (this.listed.get(name) ?? jail.definition) : jail?.definition;
  }

  /** Why a jail cannot even be tried, or null. */
  refusal(name: string): Outcome | null {
    const base = { jail: name, ok: false, changed: false };
    if (!this.jails.has(name)) return noSuchJail(name, [...this.jails.keys()]);
    const jail = this.nextOf(name);
    const cycle = this.links().cyclic.get(name);
    if (cycle !== undefined)
      return { ...base, code: 2, message: `not started: dependency loop: ${cycle.join(' -> ')}` };
    if (jail === undefined || isStartable(jail)) return null;
    const wrong = jail.diagnostics.find(isError);
    const place = wrong?.span ? `${wrong.span.file}:${wrong.span.line}:${wrong.span.column}: ` : '';
    const message = `not started: ${place}${wrong?.message ?? 'its configuration is wrong'}`;
    return { ...base, code: 2, message, ...(wrong?.hint !== undefined && { hint: wrong.hint }) };
  }
}

const isError = ({ severity }: Diagnostic): boolean => severity === 'error';

/** Changed by somebody, while its file says what it said then. */
function isAsFiled({ filed }: SupervisedJail, { values }: Jail): boolean {
  return filed !== null && changedParameters(filed, values).length === 0;
}

/** The outcome for a name that no jail has, with the nearest that one has. */
export function noSuchJail(name: string, names: readonly string[]): Outcome {
  const near = names.length === 0 ? null : closest(name, names);
  const hint = near !== null && distance(near, name) <= 2 ? { hint: `did you mean "${near}"?` } : {};
  return { jail: name, ok: false, changed: false, message: 'no such jail', code: 4, ...hint };
}
