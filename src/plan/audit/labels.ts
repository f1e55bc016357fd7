import type { Door } from './finding.js';
import { who, type Judge } from './privileges.js';

/** AppArmor shows the mode of a profile behind its name. */
const nameOf = (label: string | null): string | null => label?.replace(/ \(\w+\)$/, '') ?? null;
const isLax = (label: string | null): boolean => / \((complain|prompt|unconfined)\)$/.test(label ?? '');

/** What the host's mandatory access control holds it by. */
export const labels: Judge = ({ processes }, { label: planned }) => {
  // Process 1 executes nothing, so that it has the label of jaild.
  const commands = processes.filter(({ role }) => role !== 'init');
  const own = [...new Set(commands.map(({ label }) => label ?? 'none'))];
  const doors: Door[] = [];
  if (planned === null)
    doors.push({
      by: own.some((label) => label !== 'none')
        ? 'the label is that of jaild'
        : 'no AppArmor or SELinux label',
      severity: 'note',
      cost: 'where another wall breaks, nothing stands behind it',
    });
  else if (commands.some(({ label }) => isLax(label)))
    doors.push({
      by: `apparmor = ${planned}`,
      severity: 'low',
      cost: 'the profile only tells, and refuses nothing',
    });
  const weaker =
    planned === null
      ? []
      : commands
          .filter(({ label }) => nameOf(label) !== planned)
          .map((process) => `${who(process)} has the label ${process.label ?? 'none'} instead of ${planned}`);
  return { wall: 'labels', seen: own.join(', ') || 'nobody runs in it', doors, weaker };
};
