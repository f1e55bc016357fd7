/** The leaves and lists of one jail, in the order they are shown. */
export type JlsRecord = readonly (readonly [
  name: string,
  value: string | number | boolean | readonly string[],
])[];

/** JSON as libxo(3) writes it: leaves follow a bare comma, lists and jails a comma and a blank. */
export function jlsJson(records: readonly JlsRecord[], pretty: boolean): string {
  if (pretty) {
    const jails = records.map((record) => Object.fromEntries(record));
    return `${JSON.stringify({ __version: '2', 'jail-information': { jail: jails } }, null, 2)}\n`;
  }
  return `{"__version": "2", "jail-information": {"jail": [${records.map(jailJson).join(', ')}]}}\n`;
}

function jailJson(record: JlsRecord): string {
  const pieces = record.map(([name, value], index) => {
    const key = JSON.stringify(name);
    if (!Array.isArray(value)) return `${index === 0 ? '' : ','}${key}:${JSON.stringify(value)}`;
    return `${index === 0 ? '' : ', '}${key}: [${value.map((item) => JSON.stringify(item)).join(',')}]`;
  });
  return `{${pieces.join('')}}`;
}
