/**
 * A pure function of what a jail's file says, worked out once for each: that stays the same object from life to life, and
 * a jail that has crashed is planned while somebody waits for it.
 */
export function once<Values extends object, Result>(
  work: (values: Values) => Result,
): (values: Values) => Result {
  const known = new WeakMap<Values, Result>();
  return (values) => {
    const before = known.get(values);
    if (before !== undefined) return before;
    const result = work(values);
    known.set(values, result);
    return result;
  };
}
