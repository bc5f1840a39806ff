import type { AuthPorts } from '@authsvc/core';

/** What the use cases behind the endpoints ask for: no endpoint sends a mail itself. */
export type ServerPorts = Omit<AuthPorts, 'mailer'>;
