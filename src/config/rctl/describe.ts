import { roff } from '../manual/roff.js';
import { isResourceName, resourceOf, resources, type Means, type Resource } from './resources.js';

function meansText(means: Means): string {
  switch (means.by) {
    case 'cgroup':
      return means.parameter;
    case 'io.max':
      return `io.max, ${means.key}`;
    case 'rlimit':
      return `RLIMIT_${means.name.toUpperCase()}`;
    case 'sysctl':
      return means.name;
    case 'devpts':
      return 'devpts, max';
  }
}

function limitText({ limit, means }: Resource): string {
  if (limit === null) return '-';
  return means === null ? 'impossible' : `${limit}: ${meansText(means)}`;
}

/** What each resource of rctl(8) is here: for jail.conf(5), a tbl(1) table of 80 characters and a list of what is to be said of some. */
export function resourcesAsRoff(): string {
  const names = Object.keys(resources).filter(isResourceName);
  const rows = names.map((name) => {
    const resource = resourceOf(name);
    return [name, resource.unit, limitText(resource), resource.watched ? 'yes' : 'no'].join('\t');
  });
  const notes = names.flatMap((name) => {
    const { summary, note } = resourceOf(name);
    return [
      `.It Cm ${name}`,
      roff(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`),
      ...(note === undefined ? [] : [roff(note)]),
    ];
  });
  const table = ['.TS', 'lb lb lb lb', 'l l l l.', 'Resource\tUnit\tLimit\tWatched', ...rows, '.TE'];
  return [...table, '.Bl -tag -width "pseudoterminals" -compact', ...notes, '.El'].join('\n');
}
