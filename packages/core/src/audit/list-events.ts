import { getUser } from '../accounts/operator.ts';
import type { AuthPorts } from '../ports.ts';
import type { EventPage } from '../store.ts';
import type { StoredEvent } from './event.ts';

/** Which part of the audit trail an operator asks for. */
export interface EventQuery extends Omit<EventPage, 'userId'> {
  /** Only of one account. */
  readonly email?: string | undefined;
}

/** @throws {@link AuthError} `invalid_request`: not an email address; `unknown_email`. */
export async function listEvents(ports: AuthPorts, { email, ...page }: EventQuery): Promise<StoredEvent[]> {
  const user = email === undefined ? undefined : await getUser(ports, email);
  return ports.store.listEvents({ ...page, userId: user?.id });
}
