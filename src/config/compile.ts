export type { Compiled, FileAccess, Jail } from './jail.js';
