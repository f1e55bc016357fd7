import type { LifeEvent, Phase } from '../../src/supervise/lifecycle.js';

const preparation = ['admitted', 'prepared', 'prepare-failed'] as const;
const beginning = ['begun', 'ready', 'extend'] as const;
const poststart = ['poststarted', 'poststart-failed'] as const;
const minding = ['unhealthy', 'watchdog-missed'] as const;
const freezing = ['pause', 'resume', 'freeze-failed'] as const;
const stopCommands = ['stop-commands-done', 'stop-abandoned'] as const;
const end = ['exited', 'lost', 'emptied'] as const;
const verdict = ['stay-down', 'again', 'retry', 'end', 'give-up', 'occupied'] as const;
const ofARun = [...beginning, ...poststart, ...minding, ...freezing, ...stopCommands] as const;
const ofALife = [...ofARun, ...end, ...verdict] as const;

/** What means nothing in a phase: it cannot happen there, is so already, or comes too late to matter. */
export const silence: Readonly<Record<Phase, readonly LifeEvent[]>> = {
  adopting: ['start', 'stop', 'force', 'take-down', 'timeout', ...preparation, ...ofALife],
  stopped: ['stop', 'force', 'take-down', 'timeout', ...preparation, ...ofALife],
  waiting: ['start', 'timeout', 'prepared', 'prepare-failed', ...ofALife],
  preparing: ['start', 'take-down', 'timeout', 'admitted', ...ofALife],
  cancelling: ['take-down', 'admitted', ...ofALife],
  starting: [
    'start',
    'take-down',
    ...preparation,
    ...poststart,
    ...minding,
    ...freezing,
    ...stopCommands,
    'emptied',
    ...verdict,
  ],
  awaiting: [
    'start',
    'take-down',
    ...preparation,
    'begun',
    ...poststart,
    ...minding,
    ...freezing,
    ...stopCommands,
    'emptied',
    ...verdict,
  ],
  poststarting: [
    'start',
    'take-down',
    'timeout',
    ...preparation,
    ...beginning,
    ...minding,
    ...freezing,
    ...stopCommands,
    'emptied',
    ...verdict,
  ],
  running: [
    'start',
    'take-down',
    'timeout',
    ...preparation,
    ...beginning,
    ...poststart,
    'resume',
    'freeze-failed',
    ...stopCommands,
    'emptied',
    ...verdict,
  ],
  paused: [
    'start',
    'take-down',
    'timeout',
    ...preparation,
    ...beginning,
    ...poststart,
    ...minding,
    'pause',
    ...stopCommands,
    'emptied',
    ...verdict,
  ],
  'stopping.hook': [
    'take-down',
    'timeout',
    ...preparation,
    ...beginning,
    ...poststart,
    ...minding,
    ...freezing,
    'emptied',
    ...verdict,
  ],
  'stopping.term': ['take-down', ...preparation, ...ofARun, 'emptied', ...verdict],
  'stopping.kill': ['force', 'take-down', ...preparation, ...ofARun, ...verdict],
  stuck: ['force', 'take-down', ...preparation, ...ofARun, 'lost', ...verdict],
  cleaning: ['take-down', 'timeout', ...preparation, ...ofARun, ...end],
  backoff: [...preparation, ...ofALife],
  ended: ['take-down', 'timeout', ...preparation, ...ofALife],
  failed: ['take-down', 'timeout', ...preparation, ...ofALife],
};
