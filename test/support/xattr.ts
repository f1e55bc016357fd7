import * as koffi from 'koffi';

const setxattr = koffi
  .load(null)
  .func('int setxattr(const char *path, const char *name, const char *value, size_t size, int flags)') as (
  ...args: readonly [string, string, string, number, number]
) => number;

/** Gives a file or cgroup an extended attribute, as a service manager does that delegates it. */
export function setAttribute(path: string, name: string, value: string): void {
  if (setxattr(path, name, value, value.length, 0) !== 0)
    throw new Error(`setxattr ${path} ${name}: errno ${koffi.errno()}`);
}
