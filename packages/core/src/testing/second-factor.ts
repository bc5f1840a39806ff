import { fromBase32 } from '../factors/base32.ts';
import { beginTotp, enableTotp } from '../factors/enable-totp.ts';
import { stepAt, TOTP_STEP_MS, totpCode } from '../factors/totp.ts';
import type { AuthPorts } from '../ports.ts';
import { authenticate } from '../sessions/authenticate.ts';
import type { Credentials } from '../sessions/log-in.ts';
import type { ActiveSession } from '../sessions/session.ts';
import { type FixedClock, logInUser } from './index.ts';

/** An authenticator app that holds a secret. */
export interface TestApp {
  readonly secret: string;
  /** The code that it shows now, or some steps away. */
  code(distance?: number): string;
  /** Waits for the next code, which no one has used. */
  nextCode(): string;
}

export function createTestApp(clock: FixedClock, secret: string): TestApp {
  const code = (distance = 0) => totpCode(fromBase32(secret) ?? Buffer.alloc(0), stepAt(clock.now()) + distance);
  return {
    secret,
    code,
    nextCode: () => {
      clock.advance(TOTP_STEP_MS);
      return code();
    },
  };
}

/** An account whose second factor was just enabled. */
export interface Enrolled {
  readonly app: TestApp;
  readonly recoveryCodes: readonly string[];
  /** The session that enabled it, by its new token. */
  readonly session: ActiveSession;
}

/** Logs in, and enables a second factor. */
export async function enrol(
  auth: AuthPorts & { readonly clock: FixedClock },
  credentials: Credentials,
): Promise<Enrolled> {
  const { client, password } = credentials;
  const { token } = await logInUser(auth, credentials);
  const session = await authenticate(auth, token);
  const { secret } = await beginTotp(auth, { session, client, password });
  const app = createTestApp(auth.clock, secret);
  const enabled = await enableTotp(auth, { session, client, code: app.code() });
  return { app, recoveryCodes: enabled.recoveryCodes, session: await authenticate(auth, enabled.token) };
}
