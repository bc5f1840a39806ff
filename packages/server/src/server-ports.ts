import type { AuthPorts } from '@authsvc/core';

/** What the use cases behind the endpoints ask for: no endpoint sends a mail itself. */
export interface ServerPorts extends Omit<AuthPorts, 'mailer'> {
  /** Told once the reply to a request that may owe somebody a mail is on its way. */
  readonly mailOwed?: () => void;
}
