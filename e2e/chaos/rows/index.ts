import type { Row } from '../row.ts';
import { diskFullRow } from './disk-full.ts';
import { fsyncRow } from './fsync.ts';
import { killRow } from './kill.ts';
import { lockedRow } from './locked.ts';
import { oneEmailRow } from './one-email.ts';
import { oneTokenRow } from './one-token.ts';
import { postgresGoneRow } from './postgres-gone.ts';
import { resetAgainstLoginRow } from './reset-against-login.ts';
import { sigtermRow } from './sigterm.ts';
import { rowsUnderLoad } from './under-load.ts';

/** In the order of the table. */
export const rows: readonly Row[] = [
  killRow,
  fsyncRow,
  diskFullRow,
  lockedRow,
  oneEmailRow,
  oneTokenRow,
  resetAgainstLoginRow,
  sigtermRow,
  postgresGoneRow,
  ...rowsUnderLoad,
];
