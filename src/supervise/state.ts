/** The states of supervision.md; `jailctl list` shows them as they are. */
export type State =
  | 'stopped'
  | 'waiting'
  | 'preparing'
  | 'starting'
  | 'running'
  | 'paused'
  | 'stopping'
  | 'stuck'
  | 'cleaning'
  | 'backoff'
  | 'ended'
  | 'failed';
