import { field } from './cgroup-accounting.js';
import { readText } from './files.js';

/**
 * How often the out-of-memory killer has been at work on this host since it booted, for whatever cgroup; null where the
 * kernel does not count it (before Linux 4.13). Throws SystemError. proc_vmstat(5).
 */
export function readHostOomKills(): number | null {
  return field(readText('/proc/vmstat'), 'oom_kill');
}
