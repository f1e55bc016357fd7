import { constants } from 'node:os';

/** Where there are several names, the usual one comes first: SIGABRT and SIGIOT. */
const names: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

/** A signal in words: "signal 9 (SIGKILL)", "signal 40" for one without a name; signal(7). */
export function describeSignal(number: number): string {
  const name = names.get(number);
  return name === undefined ? `signal ${number}` : `signal ${number} (${name})`;
}

/** "SIGKILL" for 9; "signal 40" for one without a name. */
export function signalName(number: number): string {
  return names.get(number) ?? `signal ${number}`;
}

/** 9 for "SIGKILL"; null for a name that there is not. */
export function signalNumber(name: string): number | null {
  const numbers: Readonly<Record<string, number>> = constants.signals;
  return numbers[name] ?? null;
}
