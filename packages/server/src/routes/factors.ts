import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import {
  type ActiveSession,
  type AuthPorts,
  beginTotp,
  disableTotp,
  type EnabledTotp,
  enableTotp,
  listFactors,
  otpauthUrl,
  renewRecoveryCodes,
} from '@authsvc/core';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { requesterOf } from '../http/proxies.ts';
import { authenticateRequest, setSessionCookie } from '../http/session-cookie.ts';
import { routeOf } from './route.ts';

export interface FactorOptions {
  /** How authenticator apps name the account's service. */
  readonly issuer: string;
  readonly mailOwed: () => void;
}

/** The second factor of people's own accounts. */
export function addFactorRoutes(server: FastifyInstance, ports: AuthPorts, { issuer, mailOwed }: FactorOptions): void {
  const onResponse = async () => mailOwed();
  const actor = async (request: FastifyRequest) => ({
    session: await authenticateRequest(ports, request),
    client: requesterOf(request),
  });

  server.route({
    ...routeOf('listFactors'),
    handler: async (request): Promise<AnswerOf<'listFactors'>> => {
      const { totp, recoveryCodes } = await listFactors(ports, await authenticateRequest(ports, request));
      return {
        totp: totp ? { enabled_at: new Date(totp.enabledAt).toISOString() } : null,
        recovery_codes: totp ? { left: recoveryCodes } : null,
        passkeys: [],
      };
    },
  });

  server.route<{ Body: BodyOf<'beginTotp'> }>({
    ...routeOf('beginTotp'),
    handler: async (request): Promise<AnswerOf<'beginTotp'>> => {
      const { secret, email } = await beginTotp(ports, { ...(await actor(request)), ...request.body });
      return { secret, otpauth_url: otpauthUrl(secret, { issuer, account: email }) };
    },
  });

  server.route<{ Body: BodyOf<'enableTotp'> }>({
    ...routeOf('enableTotp'),
    onResponse,
    handler: async (request, reply): Promise<AnswerOf<'enableTotp'>> => {
      const session = await authenticateRequest(ports, request);
      const { recoveryCodes } = await enableAndRenew(ports, request, reply, { session, ...request.body });
      return { message: 'second factor enabled', recovery_codes: recoveryCodes };
    },
  });

  server.route<{ Body: BodyOf<'disableTotp'> }>({
    ...routeOf('disableTotp'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'disableTotp'>> => {
      await disableTotp(ports, { ...(await actor(request)), ...request.body });
      return { message: 'second factor disabled' };
    },
  });

  server.route<{ Body: BodyOf<'renewRecoveryCodes'> }>({
    ...routeOf('renewRecoveryCodes'),
    onResponse,
    handler: async (request): Promise<AnswerOf<'renewRecoveryCodes'>> => ({
      recovery_codes: await renewRecoveryCodes(ports, { ...(await actor(request)), ...request.body }),
    }),
  });
}

/** Enables the factor; the answer carries the session's new token, for as long as it had left. */
export async function enableAndRenew(
  ports: AuthPorts,
  request: FastifyRequest,
  reply: FastifyReply,
  { session, code }: { readonly session: ActiveSession; readonly code: string },
): Promise<EnabledTotp> {
  const enabled = await enableTotp(ports, { session, client: requesterOf(request), code });
  setSessionCookie(reply, enabled.token, session.expiresAt - ports.clock.now());
  return enabled;
}
