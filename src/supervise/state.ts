/** What `jailctl list` shows of a jail, in the order of a life. */
export const states = [
  'stopped',
  'waiting',
  'preparing',
  'starting',
  'running',
  'paused',
  'stopping',
  'stuck',
  'cleaning',
  'backoff',
  'ended',
  'failed',
] as const;

export type State = (typeof states)[number];
