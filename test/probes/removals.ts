import type { Removal } from './removal.js';
import { removalsAround } from './removals-around.js';
import { removalsInside } from './removals-inside.js';

/** For each class of ways out at least one defence that can be taken away. */
export const removals: readonly Removal[] = [...removalsInside, ...removalsAround];
