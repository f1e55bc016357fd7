import type { Diagnostic } from './diagnostic.js';
import type { Verdict } from './finding.js';
import { hostnameOf, type Compiled, type Jail } from './jail.js';
import { Origins, type Origin } from './origin.js';
import { isShare } from './values/quantity.js';
import { isParamName, parameterOf, params, type ParamName } from './params.js';

/** A diagnostic as `jailctl check --json` and `jailctl config --json` print it; absent facts are null. */
export interface DiagnosticJson {
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly severity: Diagnostic['severity'];
  readonly code: Diagnostic['code'];
  readonly message: string;
  readonly hint: string | null;
}

export interface JailJson {
  readonly name: string;
  readonly failed: boolean;
  readonly diagnostics: readonly DiagnosticJson[];
  readonly params: Readonly<Record<string, readonly string[] | null>>;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly origin?: Readonly<Record<string, Origin>>;
}

export interface ConfigJson {
  readonly version: 1;
  readonly ok: boolean;
  readonly diagnostics: readonly DiagnosticJson[];
  readonly jails: readonly JailJson[];
}

/**
 * What `jailctl config --json` prints.
 * @param options.resolved adds the values: after types, defaults and units
 * @param options.origin adds where each value comes from
 * @param options.names only these jails
 */
export function configAsJson(
  compiled: Compiled,
  options: { readonly resolved: boolean; readonly origin?: boolean; readonly names?: readonly string[] },
): ConfigJson {
  const { names } = options;
  const origins = options.origin ? new Origins(compiled) : null;
  const jails =
    names === undefined ? compiled.jails : compiled.jails.filter(({ name }) => names.includes(name));
  return {
    version: 1,
    ok: compiled.ok,
    diagnostics: compiled.diagnostics.map(diagnosticAsJson),
    jails: jails.map((jail) => jailAsJson(jail, options.resolved, origins)),
  };
}

/** A diagnostic with its place spelled out. */
function diagnosticAsJson({ span, severity, code, message, hint }: Diagnostic): DiagnosticJson {
  const place = { file: span?.file ?? null, line: span?.line ?? null, column: span?.column ?? null };
  return { ...place, severity, code, message, hint: hint ?? null };
}

/** A diagnostic as editors want it: with the column behind the end of what it is about. */
export interface CheckedDiagnosticJson extends DiagnosticJson {
  readonly endColumn: number | null;
}

function checkedAsJson(diagnostic: Diagnostic): CheckedDiagnosticJson {
  const { span } = diagnostic;
  return { ...diagnosticAsJson(diagnostic), endColumn: span && span.column + span.length };
}

/** What `jailctl check --json` prints: all that config --json does, with what was found on the host. */
export function verdictAsJson(compiled: Compiled, verdict: Verdict, unseen: readonly string[]) {
  const { diagnostics } = verdict;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  return {
    ...{ version: 1, ok: compiled.ok, errors, warnings: diagnostics.length - errors, unseen },
    diagnostics: diagnostics.map(checkedAsJson),
    jails: compiled.jails.map((jail) => ({
      ...{ name: jail.name, failed: jail.failed, diagnostics: verdict.of(jail).map(checkedAsJson) },
      params: jsonObject(jail.params),
    })),
  };
}

function jailAsJson(jail: Jail, resolved: boolean, origins: Origins | null): JailJson {
  const origin = resolved ? origins?.ofAll(jail) : origins?.of(jail);
  return {
    name: jail.name,
    failed: jail.failed,
    diagnostics: jail.diagnostics.map(diagnosticAsJson),
    params: jsonObject(jail.params),
    ...(resolved && { values: resolvedValues(jail) }),
    ...(origin && { origin: jsonObject(origin) }),
  };
}

/** fromEntries defines keys, so a parameter called __proto__ is one like any other. */
const jsonObject = <T>(entries: Iterable<readonly [string, T]>): Readonly<Record<string, T>> =>
  Object.fromEntries(entries);

/** Every parameter of the table: the jail's value where it has one, else the default converted by the same type. */
function resolvedValues(jail: Jail): Readonly<Record<string, unknown>> {
  const own = new Map<string, unknown>(Object.entries(jail.values));
  const values = Object.keys(params)
    .filter(isParamName)
    .filter((name) => parameterOf(name).readOnly !== true)
    .map((name): [string, unknown] => [
      name,
      own.has(name) ? plain(own.get(name)) : plain(defaultFor(jail, name)),
    ]);
  const keyed = ['metaKeys', 'envKeys']
    .filter((name) => own.has(name))
    .map((name): [string, unknown] => [name, own.get(name)]);
  return jsonObject([...values, ...keyed]);
}

function defaultFor(jail: Jail, name: ParamName): unknown {
  return name === 'host.hostname' ? hostnameOf(jail) : defaultOf(name);
}

/** The default as a value, where it is one; a default that depends on the host or the jail is null. */
export function defaultOf(name: ParamName): unknown {
  const { type, default: text } = parameterOf(name);
  if (text === 'none' || text === 'all' || text === 'empty') return type.list ? [] : null;
  const converted = type.convert([text.replace(/^(\d+) (s|ms)$/, '$1$2')], false);
  // "the link's" and "/var/log/jaild/NAME.log" describe a value, they are none.
  return converted.ok && /^[^\sA-Z]+$|^\d/.test(text) ? converted.value : null;
}

/** JSON has no Infinity: no limit is "max", as cgroup files write it. */
function plain(value: unknown): unknown {
  if (value === Infinity) return 'max';
  if (Array.isArray(value)) return value.map(plain);
  if (isShare(value)) return `${value.percent}%`;
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}
