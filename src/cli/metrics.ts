import { Refusal } from '../control/failure.js';
import { daemonCommand } from './command.js';
import { done } from './context.js';

export const metrics = daemonCommand({
  name: 'metrics',
  summary: 'Print the metrics of all jails and of jaild, for Prometheus.',
  description:
    'In its text format, version 0.0.4: the same that [metrics] of jaild.ini(5) lets it fetch itself, and without that. METRICS below lists them.',
  operands: '',
  count: [0, 0],
  options: {},
  needs: 'operator',
  run: async ({ out, metrics: text }) => {
    if (text === undefined) throw new Refusal(1, 'this jaild has no metrics');
    out(await text());
    return done;
  },
});
