import type { Success } from './call.ts';
import type { AnswerOf } from './contract/endpoints.ts';
import { UnexpectedAnswerError } from './errors.ts';

export type User = AnswerOf<'whoami'>['user'];
export type Session = AnswerOf<'whoami'>['session'];

/** Whose request it is. */
export interface Identity {
  readonly user: User;
  readonly session: Session;
}

/** @throws {@link UnexpectedAnswerError} for an answer without an id, even with status 200 */
export function readIdentity(server: string, { body: { user, session } }: Success): Identity {
  const { id, email, role } = (user ?? {}) as Partial<User>;
  const isUser = typeof id === 'string' && id !== '' && typeof email === 'string' && typeof role === 'string';
  if (!isUser || typeof session !== 'object' || session === null) {
    throw new UnexpectedAnswerError(server, 'answered without a user and a session');
  }
  return { user: user as User, session: session as Session };
}
