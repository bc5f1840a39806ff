import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuthError } from '../errors.ts';
import type { AuthPolicy } from '../ports.ts';
import {
  localClient as client,
  createTestAuth,
  logInUser,
  registerUser,
  sendMails,
  type TestAuth,
} from '../testing/index.ts';
import { inviteUser } from './invitations.ts';
import { register } from './register.ts';

const email = 'Ada@example.com';
const password = 'correct horse battery';
const DAY_MS = 86_400_000;
const invalid = new AuthError('invalid_invitation_token');
const closed = { code: 'registration_closed' };

describe('an invitation', () => {
  let auth: TestAuth;

  const start = async (policy: Partial<AuthPolicy>) => {
    auth = await createTestAuth(policy);
  };
  const under = (changed: Partial<AuthPolicy>): TestAuth => ({ ...auth, policy: { ...auth.policy, ...changed } });
  beforeEach(() => start({ registration: 'invited' }));
  afterEach(() => auth.close());

  const print = async (role?: string) => (await inviteUser(auth, { email, role })).printed?.token ?? '';
  const accept = (invitationToken: string, changed: object = {}) =>
    register(auth, { email, password, invitationToken, client, ...changed });

  it('is printed where there is no mail server, and makes an account with its role, once', async () => {
    const { printed, ...invited } = await inviteUser(auth, { email, role: 'admin' });
    expect(invited).toEqual({ email, role: 'admin' });
    expect(printed?.expiresAt).toBe(auth.clock.now() + 7 * DAY_MS);
    expect(await auth.database.read('users')).toEqual([]);
    const { user } = await accept(printed?.token ?? '');
    expect(user).toMatchObject({ email, role: 'admin', emailVerified: true });
    expect(auth.events.map(({ type }) => type)).toEqual(['user_invited', 'user_registered', 'invitation_accepted']);
    await logInUser(auth, { email, password, client });
    await expect(accept(printed?.token ?? '')).rejects.toEqual(invalid);
  });

  it('goes by mail where there is a server, also where addresses must be proven', async () => {
    auth = under({ sendsMail: true, emailVerification: 'required' });
    expect(await inviteUser(auth, { email })).toEqual({ email, role: 'user', printed: undefined });
    const [mail] = await sendMails(auth);
    expect(mail).toMatchObject({ kind: 'invitation', to: email, expiresInMs: 7 * DAY_MS });
    const { user } = await accept(mail && 'token' in mail ? mail.token : '');
    expect(user).toMatchObject({ email, role: 'user', emailVerified: true });
  });

  it.each([
    ['an unknown token', 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44', {}],
    ['another address', undefined, { email: 'eve@example.com' }],
  ])('refuses %s, without hashing', async (_what, token, changed) => {
    const printed = await print();
    await expect(accept(token ?? printed, changed)).rejects.toEqual(invalid);
    expect(auth.hasher.counts.hash).toBe(0);
    expect(auth.events.at(-1)?.type).toBe('invitation_refused');
    await accept(printed);
  });

  it('expires after seven days', async () => {
    const [first, second] = [await print(), await print()];
    await expect(accept(first)).rejects.toEqual(invalid);
    auth.clock.advance(7 * DAY_MS);
    await expect(accept(second)).rejects.toEqual(invalid);
  });

  it('is replaced by the next one to the same address', async () => {
    const first = await print('admin');
    const second = await print();
    await expect(accept(first)).rejects.toEqual(invalid);
    expect((await accept(second)).user?.role).toBe('user');
  });

  it('is void once the address has an account', async () => {
    const token = await print();
    await registerUser(under({ registration: 'open' }), { email, password, client });
    await expect(accept(token)).rejects.toEqual(invalid);
    await expect(inviteUser(auth, { email })).rejects.toEqual(new AuthError('email_taken', { field: 'email' }));
  });

  it('is neither made nor accepted nor sent while registration is closed', async () => {
    const token = await print();
    await inviteUser(under({ sendsMail: true }), { email: 'bob@example.com' });
    auth = under({ registration: 'closed' });
    await expect(inviteUser(auth, { email: 'eve@example.com' })).rejects.toMatchObject(closed);
    await expect(accept(token)).rejects.toMatchObject(closed);
    expect(await sendMails(auth)).toEqual([]);
    auth = under({ registration: 'invited' });
    await accept(token);
  });

  it.each(['invited', 'closed'] as const)('alone opens a registration that is %s, for any address', async (policy) => {
    auth = under({ registration: policy });
    for (const address of [email, 'not an address']) {
      await expect(register(auth, { email: address, password, client })).rejects.toMatchObject(closed);
    }
    expect(auth.events).toEqual([]);
  });

  it.each([
    [{ email: 'no address' }, 'email'],
    [{ email, role: 'Not A Role' }, 'role'],
  ])('refuses %o', async (input, field) => {
    await expect(inviteUser(auth, input)).rejects.toMatchObject({ code: 'invalid_request', field });
    expect(await auth.database.read('one_time_tokens')).toEqual([]);
  });
});
