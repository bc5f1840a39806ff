import type { Row } from '../row.ts';
import { soakRow } from '../soak/soak.ts';
import { connectionFloodRow } from './connection-flood.ts';
import { loginStormRow } from './login-storm.ts';
import { pipelinedFloodsRow } from './pipelined-floods.ts';
import { refusedFloodRow } from './refused-flood.ts';
import { slowClientsRow } from './slow-clients.ts';

/** What comes from clients alone: too many of them, too slow ones, and ones that go on for long. */
export const rowsUnderLoad: readonly Row[] = [
  slowClientsRow,
  connectionFloodRow,
  pipelinedFloodsRow,
  refusedFloodRow,
  loginStormRow,
  soakRow,
];
