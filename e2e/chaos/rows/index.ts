import type { Row } from '../row.ts';
import { clockRow } from './clock.ts';
import { clockAheadRow } from './clock-ahead.ts';
import { databaseMovedRow } from './database-moved.ts';
import { diskFullRow } from './disk-full.ts';
import { fsyncRow } from './fsync.ts';
import { killRow } from './kill.ts';
import { lockedRow } from './locked.ts';
import { migratorsRow } from './migrators.ts';
import { oneEmailRow } from './one-email.ts';
import { oneTokenRow } from './one-token.ts';
import { outputLostRow } from './output-lost.ts';
import { postgresGoneRow } from './postgres-gone.ts';
import { refusalsRow } from './refusals.ts';
import { resetAgainstLoginRow } from './reset-against-login.ts';
import { restoreKilledRow } from './restore-killed.ts';
import { sigtermRow } from './sigterm.ts';
import { smtpRow } from './smtp.ts';
import { rowsUnderLoad } from './under-load.ts';

/** In the order of the table. */
export const rows: readonly Row[] = [
  killRow,
  fsyncRow,
  diskFullRow,
  lockedRow,
  databaseMovedRow,
  restoreKilledRow,
  refusalsRow,
  clockRow,
  clockAheadRow,
  smtpRow,
  oneEmailRow,
  oneTokenRow,
  resetAgainstLoginRow,
  migratorsRow,
  sigtermRow,
  outputLostRow,
  postgresGoneRow,
  ...rowsUnderLoad,
];
