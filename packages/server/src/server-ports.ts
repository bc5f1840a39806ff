import type { AuthPorts } from '@authsvc/core';

export interface ServerPorts extends AuthPorts {
  /** Told once the reply to a request that may owe somebody a mail is on its way. */
  readonly mailOwed?: () => void;
}
