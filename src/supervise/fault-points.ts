import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemError } from '../host/error.js';

/*
 * Places in jaild's life at which tests have something go wrong, after FreeBSD's fail(9): JAILD_FAIL holds
 * POINT=TERM->TERM;…, POINT being a name, or NAME@JAIL for one jail alone. HACKING.md lists the names.
 */

/** What is done at a point. */
export type Fault =
  | { readonly act: 'off' | 'kill' | 'hang' }
  | { readonly act: 'return'; readonly errno: number }
  /** Milliseconds: `delay` lets others go on, `block` holds up the whole of jaild. */
  | { readonly act: 'delay' | 'block'; readonly ms: number };

interface Term {
  /** So many times, then it is the next term's turn. The last one's turn does not end unless it has a number. */
  readonly times: number;
  readonly fault: Fault;
}

/** Comes to a point's next fault each time it is reached. */
export type FaultPoints = (point: string, jail: string) => Fault;

const OFF: Fault = { act: 'off' };
const TERM = /^(?:(\d+)\*)?(off|kill|hang|return|delay|block)(?:\((\w+)\))?$/;

function parseTerm(text: string): Term {
  const [, times, act, argument = ''] = TERM.exec(text) ?? [];
  return { times: times === undefined ? Infinity : Number(times), fault: faultOf(act, argument, text) };
}

function faultOf(act: string | undefined, argument: string, text: string): Fault {
  const errno = Object.entries(constants.errno).find(([name]) => name === argument)?.[1];
  if (act === 'return' && errno !== undefined) return { act, errno };
  if ((act === 'delay' || act === 'block') && /^\d+$/.test(argument)) return { act, ms: Number(argument) };
  if ((act === 'off' || act === 'kill' || act === 'hang') && argument === '') return { act };
  throw new Error(`JAILD_FAIL: "${text}" is no term`);
}

/** Reads JAILD_FAIL. Throws Error for what is no term. */
export function parseFaultPoints(text: string): FaultPoints {
  const points = new Map<string, Term[]>();
  for (const setting of text.split(';').filter((one) => one.trim() !== '')) {
    const [point = '', terms = ''] = setting.trim().split('=');
    points.set(
      point,
      terms.split('->').map((term) => parseTerm(term.trim())),
    );
  }
  return (point, jail) => {
    const terms = points.get(`${point}@${jail}`) ?? points.get(point);
    const [first] = terms ?? [];
    if (terms === undefined || first === undefined) return OFF;
    if (first.times <= 1) terms.shift();
    else terms[0] = { ...first, times: first.times - 1 };
    return first.fault;
  };
}

/** Null in a jaild that nobody tests: no point costs more than to see that. */
const points = process.env['JAILD_FAIL'] === undefined ? null : parseFaultPoints(process.env['JAILD_FAIL']);

/** Has whatever is set for a point of a step happen before and after it. `return` belongs before: then it was not done. */
export function withFaults(
  verb: 'run' | 'undo',
  name: string,
  jail: string,
  act: () => Promise<void> | void,
): Promise<void> | void {
  return points === null ? act() : aroundFaults(points, [verb, name, jail], act);
}

async function aroundFaults(
  armed: FaultPoints,
  [verb, name, jail]: readonly ['run' | 'undo', string, string],
  act: () => Promise<void> | void,
): Promise<void> {
  const after = verb === 'run' ? 'done' : 'undone';
  await happen(armed(`${verb}.${name}`, jail), name, jail);
  await act();
  await happen(armed(`${after}.${name}`, jail), name, jail);
}

async function happen(fault: Fault, name: string, jail: string): Promise<void> {
  if (fault.act === 'delay') await sleep(fault.ms);
  else if (fault.act === 'hang') await new Promise(() => undefined);
  else happenNow(fault, name, jail);
}

/** Has whatever is set for a point happen that cannot be waited at: `delay` and `hang` hold up the whole of jaild. */
export function faultPoint(point: string, jail: string): void {
  if (points !== null) happenNow(points(point, jail), point, jail);
}

function happenNow(fault: Fault, point: string, jail: string): void {
  switch (fault.act) {
    case 'off':
      return;
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return block(Infinity); // it may take a moment
    case 'hang':
      return block(Infinity);
    case 'delay':
    case 'block':
      return block(fault.ms);
    case 'return':
      throw new SystemError(point, fault.errno, jail);
  }
}

function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
