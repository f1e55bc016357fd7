import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/*
 * Imported into a jaild before its own program (`node --import`): where that reads the jailer's program, it finds the one that
 * JAILD_TEST_JAILER names. Nothing of jaild's own has to know that it can be another.
 */
const { readFileSync } = fs;
const jailer = process.env['JAILD_TEST_JAILER'] ?? '';

function readOther(...[path, options]: Parameters<typeof readFileSync>): ReturnType<typeof readFileSync> {
  const isJailer = typeof path === 'string' && path.endsWith('/native/build/jailer');
  return readFileSync(isJailer ? jailer : path, options);
}

Object.assign(fs, { readFileSync: readOther });
syncBuiltinESMExports();
