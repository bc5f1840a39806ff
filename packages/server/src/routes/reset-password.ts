import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import {
  AuthError,
  type AuthPorts,
  type ResetRequestOutcome,
  requestPasswordReset,
  resetPassword,
} from '@authsvc/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFromOtherOrigin } from '../http/origins.ts';
import { requesterOf } from '../http/proxies.ts';
import { routeOf } from './route.ts';

type Answer = AnswerOf<'requestPasswordReset'>;

/** With delivery `operator` no mail is sent, so none is announced. */
const said = {
  smtp: 'reset instructions sent',
  operator: 'ask the operator for a reset token',
} as const;

export function addResetPasswordRoutes(server: FastifyInstance, ports: AuthPorts, mailOwed: () => void): void {
  // Once the reply is on its way: it takes as long whether or not there is an account.
  const onResponse = async () => mailOwed();
  server.route<{ Body: BodyOf<'requestPasswordReset'> }>({
    ...routeOf('requestPasswordReset'),
    onResponse,
    handler: async (request): Promise<Omit<Answer, 'message'> | Omit<Answer, 'reset_token'>> => {
      const outcome = await askForReset(ports, request, request.body.email);
      const { delivery, email } = outcome;
      return delivery === 'response' ? { email, reset_token: outcome.resetToken } : { email, message: said[delivery] };
    },
  });

  server.route<{ Body: BodyOf<'resetPassword'> }>({
    ...routeOf('resetPassword'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'resetPassword'>> => {
      const { email, reset_token: resetToken, new_password: newPassword } = request.body;
      const client = requesterOf(request);
      const user = await resetPassword(ports, { email, resetToken, newPassword, client });
      return { email: user.email, message: 'password updated' };
    },
  });
}

/**
 * Asks for a reset token by a request.
 *
 * @throws AuthError `reset_delivery_refused`: the answer would hand it to a page of another origin.
 */
export async function askForReset(
  ports: AuthPorts,
  request: FastifyRequest,
  email: string,
): Promise<ResetRequestOutcome> {
  if (ports.policy.resetDelivery === 'response' && isFromOtherOrigin(request)) {
    const message = 'reset tokens are handed out in responses here, to pages of this origin alone';
    throw new AuthError('reset_delivery_refused', { message });
  }
  return requestPasswordReset(ports, { email, client: requesterOf(request) });
}
