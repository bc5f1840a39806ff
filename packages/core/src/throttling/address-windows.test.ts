import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { register } from '../accounts/register.ts';
import type { AuthError } from '../errors.ts';
import { requestPasswordReset } from '../passwords/request-reset.ts';
import { resetPassword } from '../passwords/reset-password.ts';
import { createTestAuth, localClient, logInUser, type TestAuth } from '../testing/index.ts';

const email = 'user@example.com';
const password = 'secure_password';
const from = (address: string) => ({ ...localClient, address });

describe('what one address may try in a minute', () => {
  let auth: TestAuth;

  beforeEach(async () => {
    auth = await createTestAuth();
    await register(auth, { email, password, client: localClient });
  });
  afterEach(() => auth.close());

  const codeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 'in',
      ({ code }: AuthError) => code,
    );
  const strangerFrom = (address: string, index: number) =>
    codeOf(logInUser(auth, { email: `nobody${index}@example.com`, password, client: from(address) }));
  async function untilRefused(most: number, attempt: (index: number) => Promise<string>): Promise<number> {
    for (let index = 0; index < most; index += 1) if ((await attempt(index)) === 'rate_limited') return index;
    return most;
  }

  it('is eight times as much for a /56, and another is free', async () => {
    const inOne56 = (index: number) => strangerFrom(`2001:db8:0:${(index % 256).toString(16)}::1`, index);
    expect(await untilRefused(100, inOne56)).toBe(80);
    expect(await strangerFrom('2001:db8:0:100::1', 100)).toBe('invalid_credentials');
  });

  it('is thirty-two times as much for a /48, and another is free', async () => {
    const inOne48 = (index: number) =>
      strangerFrom(`2001:db8:0:${((index % 64) * 0x1_00 + (index >> 6)).toString(16)}::1`, index);
    expect(await untilRefused(400, inOne48)).toBe(320);
    expect(await strangerFrom('2001:db8:1::1', 400)).toBe('invalid_credentials');
  });

  it('counts registrations and resets of a /56 as well', async () => {
    const address = (index: number) => from(`2001:db8:0:${index.toString(16)}::1`);
    const registering = (index: number) =>
      codeOf(register(auth, { email: `new${index}@example.com`, password, client: address(index) }));
    expect(await untilRefused(50, registering)).toBe(40);
    const asking = (index: number) => codeOf(requestPasswordReset(auth, { email, client: address(index) }));
    expect(await untilRefused(50, asking)).toBe(24);
    const resetting = (index: number) =>
      codeOf(resetPassword(auth, { email, resetToken: 'unknown', newPassword: password, client: address(index) }));
    expect(await untilRefused(100, resetting)).toBe(80);
  });

  it('holds up no account that knows the address', async () => {
    const address = '192.0.2.1';
    const enter = () => codeOf(logInUser(auth, { email, password, client: from(address) }));
    expect(await enter()).toBe('in');
    expect(await untilRefused(20, (index) => strangerFrom(address, index))).toBe(9);
    for (let index = 0; index < 20; index += 1) expect(await enter()).toBe('in');
  });
});

it('is as much as the policy says', async () => {
  const auth = await createTestAuth({ loginsPerMinute: 2, registrationsPerMinute: 3, resetsPerMinute: 12 });
  const client = from('192.0.2.1');
  const refusedAt = async (attempt: (index: number) => Promise<unknown>, most = 20) => {
    for (let index = 0; index < most; index += 1) {
      const code = await attempt(index).catch((error: AuthError) => error.code);
      if (code === 'rate_limited') return index;
    }
    return undefined;
  };
  try {
    await register(auth, { email, password, client: localClient });
    expect(await refusedAt((index) => logInUser(auth, { email: `nobody${index}@example.com`, password, client }))).toBe(
      2,
    );
    expect(await refusedAt((index) => register(auth, { email: `new${index}@example.com`, password, client }))).toBe(3);
    expect(await refusedAt(() => requestPasswordReset(auth, { email, client }))).toBe(12);
    const known = { email, password, client: from('192.0.2.2') };
    await logInUser(auth, known);
    expect(await refusedAt(() => logInUser(auth, known), 100)).toBe(64);
    const wrong = { email, resetToken: 'unknown', newPassword: password, client };
    expect(await refusedAt(() => resetPassword(auth, wrong))).toBe(12);
  } finally {
    await auth.close();
  }
});
