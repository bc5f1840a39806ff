import {
  answerSchema,
  type PasswordResetBody,
  type PasswordUpdatedBody,
  passwordResetSchema,
  type ResetInstructionsBody,
  type ResetRequestBody,
  type ResetTokenBody,
  resetRequestSchema,
} from '@authsvc/client/contract';
import { AuthError, type AuthPorts, requestPasswordReset, resetPassword } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { isFromOtherOrigin } from '../http/origins.ts';
import { requestClient } from '../http/proxies.ts';

/** With delivery `operator` no mail is sent, so none is announced. */
const said = {
  smtp: 'reset instructions sent',
  operator: 'ask the operator for a reset token',
} as const;

export function addResetPasswordRoutes(server: FastifyInstance, ports: AuthPorts, mailOwed: () => void): void {
  server.post<{ Body: ResetRequestBody }>(
    '/reset_password',
    {
      schema: {
        operationId: 'requestPasswordReset',
        summary: 'Ask for a reset token',
        refusals: ['unknown_email', 'reset_delivery_refused', 'rate_limited', 'database_unavailable'],
        body: resetRequestSchema,
        response: answerSchema<ResetTokenBody & ResetInstructionsBody>('email', 'reset_token', 'message'),
      },
      // Once the reply is on its way: it takes as long whether or not there is anybody to write to.
      onResponse: async () => mailOwed(),
    },
    async (request): Promise<ResetTokenBody | ResetInstructionsBody> => {
      if (ports.policy.resetDelivery === 'response' && isFromOtherOrigin(request)) {
        const message = 'reset tokens are handed out in responses here, to pages of this origin alone';
        throw new AuthError('reset_delivery_refused', { message });
      }
      const outcome = await requestPasswordReset(ports, { email: request.body.email, client: requestClient(request) });
      const { delivery, email } = outcome;
      return delivery === 'response' ? { email, reset_token: outcome.resetToken } : { email, message: said[delivery] };
    },
  );

  server.put<{ Body: PasswordResetBody }>(
    '/reset_password',
    {
      schema: {
        operationId: 'resetPassword',
        summary: 'Choose a new password with a reset token; ends every session of that user',
        refusals: ['password_rejected', 'invalid_reset_token', 'rate_limited', 'overloaded', 'database_unavailable'],
        body: passwordResetSchema,
        response: answerSchema<PasswordUpdatedBody>('email', 'message'),
      },
    },
    async (request): Promise<PasswordUpdatedBody> => {
      const { email, reset_token: resetToken, new_password: newPassword } = request.body;
      const client = requestClient(request);
      const user = await resetPassword(ports, { email, resetToken, newPassword, client });
      return { email: user.email, message: 'password updated' };
    },
  );
}
