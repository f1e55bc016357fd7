import type { Finding } from '../../config/finding.js';
import type { HostView } from '../host-view.js';
import { finding, type Subject } from './subject.js';

interface Range {
  readonly first: number;
  readonly count: number;
  readonly subject: Subject;
}

const overlap = (a: Omit<Range, 'subject'>, b: Omit<Range, 'subject'>): boolean =>
  a.first < b.first + b.count && b.first < a.first + a.count;

/** Ranges of ids that a file gives out by number: who has an id of another's may do what the other may. */
export function* idsAreApart(subjects: readonly Subject[], host: HostView): Iterable<Finding> {
  const ranges = subjects
    .flatMap((subject): readonly Range[] => {
      const { userns } = subject.jail.values;
      return typeof userns === 'object' ? [{ first: userns.base, count: userns.count, subject }] : [];
    })
    .sort((a, b) => a.first - b.first);
  let widest: Range | undefined;
  for (const range of ranges) {
    const { subject } = range;
    if (widest !== undefined && overlap(widest, range)) {
      const message = `the ids of jail "${subject.jail.name}" are also those of jail "${widest.subject.jail.name}": each may do to the other what root may`;
      yield finding(
        subject,
        'error',
        'overlapping-ids',
        'userns',
        message,
        'write auto, or ranges that are apart',
      );
    }
    if (widest === undefined || range.first + range.count > widest.first + widest.count) widest = range;
    const used = host.usedIds().find((ids) => overlap(range, ids));
    if (used === undefined) continue;
    const message = `ids ${range.first} to ${range.first + range.count - 1} overlap those of ${used.by}`;
    yield finding(
      subject,
      'warning',
      'overlapping-ids',
      'userns',
      message,
      'write auto, or a range that is free',
    );
  }
}

/** Without a user namespace the users of a jail are those of the host. */
export function* usersAreItsOwn(subject: Subject): Iterable<Finding> {
  if (subject.jail.values.userns !== 'off') return;
  const message = `root in jail "${subject.jail.name}" is root of the host: one hole in any other wall and the host is taken`;
  yield finding(subject, 'warning', 'users-of-host', 'userns', message, 'leave userns out where you can');
}
