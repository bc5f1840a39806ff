import type { Row } from '../row.ts';
import { killRow } from './kill.ts';
import { oneEmailRow } from './one-email.ts';

/** In the order of the table. */
export const rows: readonly Row[] = [killRow, oneEmailRow];
