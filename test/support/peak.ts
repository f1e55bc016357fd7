import { writeSync } from 'node:fs';

/*
 * jailctl's commands that need no jaild, in a process that tells on descriptor 3 how much memory it had when it had
 * most, in KB.
 */
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
await import('../../src/jailctl.js');
