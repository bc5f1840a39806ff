import { checks } from './checks.mjs';
import { commandLine } from './command-line.mjs';
import { flood } from './flood.mjs';
import { logins } from './logins.mjs';
import { metrics } from './metrics.mjs';
import { overload } from './overload.mjs';
import { pages } from './pages.mjs';
import { postgres } from './postgres.mjs';
import { registration } from './registration.mjs';
import { scale } from './scale.mjs';
import { startUp } from './start-up.mjs';
import { storm } from './storm.mjs';
import { whoami } from './whoami.mjs';

/** Every scenario, in the order in which they run. */
export const scenarios = [
  checks,
  whoami,
  pages,
  logins,
  registration,
  storm,
  flood,
  overload,
  scale,
  startUp,
  commandLine,
  metrics,
  postgres,
];
