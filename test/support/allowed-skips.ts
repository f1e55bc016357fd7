/** Full title of a test that may be skipped → why it cannot run everywhere. */
export const allowedSkips: ReadonlyMap<string, string> = new Map();
