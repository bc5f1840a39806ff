import { code, confirmation, type Endpoint, password, recoveryCodes, said, string, time, uuid } from './endpoint.ts';
import { nullable, object, text } from './schema.ts';

/** What people do with the second factor and the known browsers of their account. */
export const accountEndpoints = {
  listFactors: {
    method: 'GET',
    path: '/profile/factors',
    summary: 'Show your second factor',
    refusals: ['unauthenticated', 'database_unavailable'],
    response: {
      200: object({
        totp: nullable({ enabled_at: time }),
        recovery_codes: nullable({ left: { type: 'integer' } }),
        // Once there are any.
        passkeys: {
          type: 'array',
          items: object({ id: string, name: string, created_at: time, last_used_at: { type: ['string', 'null'] } }),
        },
      }),
    },
  },
  /** Changes nothing before `enableTotp`; pending for ten minutes, in this session alone. */
  beginTotp: {
    method: 'POST',
    path: '/profile/totp',
    summary: 'Begin a second factor: the secret for an authenticator app',
    refusals: [
      'factor_enabled',
      'invalid_credentials',
      'email_not_verified',
      'unauthenticated',
      'rate_limited',
      'overloaded',
      'database_unavailable',
    ],
    body: object({ password }),
    response: { 200: object({ secret: string, otpauth_url: string }) },
  },
  /** Sets the cookie: the session has another token from here on. */
  enableTotp: {
    method: 'PUT',
    path: '/profile/totp',
    summary: 'Enable the second factor by its first code; ends every other session of yours',
    refusals: [
      'factor_enabled',
      'no_pending_factor',
      'invalid_code',
      'unauthenticated',
      'rate_limited',
      'database_unavailable',
    ],
    body: object({ code }),
    // The codes are shown once.
    response: { 200: object({ message: said('second factor enabled'), recovery_codes: recoveryCodes }) },
  },
  disableTotp: {
    method: 'DELETE',
    path: '/profile/totp',
    summary: 'Disable the second factor, and void its recovery codes',
    refusals: ['not_found', ...confirmation],
    body: object({ password, code }),
    response: { 200: object({ message: said('second factor disabled') }) },
  },
  renewRecoveryCodes: {
    method: 'POST',
    path: '/profile/recovery_codes',
    summary: 'Make new recovery codes, which void the old ones',
    refusals: ['not_found', ...confirmation],
    body: object({ password, code }),
    response: { 200: object({ recovery_codes: recoveryCodes }) },
  },
  /** The one that logged in last comes first. */
  listDevices: {
    method: 'GET',
    path: '/profile/devices',
    summary: 'List the browsers that are known to your account',
    refusals: ['unauthenticated', 'database_unavailable'],
    response: {
      200: object({
        devices: {
          type: 'array',
          items: object({
            // Names the device, and opens nothing.
            id: uuid,
            created_at: time,
            last_login_at: time,
            address: string,
            user_agent: { type: ['string', 'null'] },
            // Whether it is the one that asks.
            current: { type: 'boolean' },
          }),
        },
      }),
    },
  },
  /** Its sessions stay. Another user's id is 404 `not_found`, like one that never existed. */
  endDevice: {
    method: 'DELETE',
    path: '/profile/devices/:id',
    summary: 'Forget a known browser',
    refusals: ['unauthenticated', 'not_found', 'rate_limited', 'database_unavailable'],
    // Without NUL, which PostgreSQL has in no text.
    params: object({ id: { ...text(64), pattern: '^[^\\u0000]*$' } }),
    response: { 200: object({ message: said('device forgotten') }) },
  },
} as const satisfies Record<string, Endpoint>;
