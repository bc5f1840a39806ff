import type { LightMyRequestResponse } from 'fastify';
import { totpCode } from '../../../../test/totp-code.ts';
import { json } from './requests.ts';
import type { TestServer } from './test-server.ts';

const STEP_MS = 30_000;

export interface Enrolled {
  /** Of the session that enabled the factor. */
  readonly cookie: string;
  readonly recoveryCodes: string[];
  /** The code of the next step, so that none is used twice. */
  nextCode(): string;
}

/** Registers someone, logs in, and enables a second factor by HTTP. */
export async function enrol(
  { server, auth }: TestServer,
  person: { readonly email: string; readonly password: string },
): Promise<Enrolled> {
  await server.inject(json(person, '/users'));
  const cookie = cookieIn(await server.inject(json(person, '/sessions')));
  const begun = await server.inject({ ...json({ password: person.password }, '/profile/totp'), ...as(cookie) });
  const { secret } = begun.json();
  const code = totpCode(secret, auth.clock.now());
  const enabled = await server.inject({ ...json({ code }, '/profile/totp'), ...as(cookie), method: 'PUT' });
  return {
    cookie: cookieIn(enabled),
    recoveryCodes: enabled.json().recovery_codes,
    nextCode: () => {
      auth.clock.advance(STEP_MS);
      return totpCode(secret, auth.clock.now());
    },
  };
}

/** The headers of a request with JSON and a session. */
export function as(cookie: string) {
  return { headers: { 'content-type': 'application/json', cookie } };
}

export function cookieIn({ headers }: LightMyRequestResponse): string {
  return [headers['set-cookie']].flat()[0]?.split(';', 1)[0] ?? '';
}
