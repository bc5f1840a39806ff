import { clockRow } from './faults/clock.ts';
import { clockAheadRow } from './faults/clock-ahead.ts';
import { databaseMovedRow } from './faults/database-moved.ts';
import { diskFullRow } from './faults/disk-full.ts';
import { fsyncRow } from './faults/fsync.ts';
import { killRow } from './faults/kill.ts';
import { killProofsRow } from './faults/kill-proofs.ts';
import { lockedRow } from './faults/locked.ts';
import { migratorsRow } from './faults/migrators.ts';
import { oneEmailRow } from './faults/one-email.ts';
import { oneTokenRow } from './faults/one-token.ts';
import { outputLostRow } from './faults/output-lost.ts';
import { postgresGoneRow } from './faults/postgres-gone.ts';
import { refusalsRow } from './faults/refusals.ts';
import { resetAgainstLoginRow } from './faults/reset-against-login.ts';
import { restoreKilledRow } from './faults/restore-killed.ts';
import { sigtermRow } from './faults/sigterm.ts';
import { smtpRow } from './faults/smtp.ts';
import { connectionFloodRow } from './load/connection-flood.ts';
import { loginStormRow } from './load/login-storm.ts';
import { pipelinedFloodsRow } from './load/pipelined-floods.ts';
import { refusedFloodRow } from './load/refused-flood.ts';
import { slowClientsRow } from './load/slow-clients.ts';
import type { Row } from './row.ts';
import { soakRow } from './soak/soak.ts';

/** In the order of the table. */
export const rows: readonly Row[] = [
  killRow,
  killProofsRow,
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
  // Faults by clients alone: too many of them, slow ones, and ones that go on for a long time.
  slowClientsRow,
  connectionFloodRow,
  pipelinedFloodsRow,
  refusedFloodRow,
  loginStormRow,
  soakRow,
];
