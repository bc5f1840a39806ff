import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { authenticatorObstacle, enrol, readCode } from '../support/authenticator.ts';
import { type SendOptions, send } from '../support/http-client.mjs';
import { shareDaemon } from '../support/journey.ts';

const ada = { email: 'ada@example.com', password: 'correct horse battery' };
const shared = shareDaemon();

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string }[];
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly schema: { readonly properties?: Readonly<Record<string, object>> } }>
    >;
  };
}

/** A request that brings a token somewhere; the people in it are new each time. */
type Attempt = (token: string) => readonly [target: string, options: SendOptions];

const queries = ['token', 'second_factor_token', 'session_id', 'return_to', 'done', 'email'];
const pages = [
  '/',
  '/login',
  '/login/code',
  '/register',
  '/logout',
  '/reset',
  '/verify',
  '/invitation',
  '/account',
  '/account/email',
  '/account/password',
  '/account/delete',
  '/account/totp',
  '/account/totp/code',
  '/account/totp/disable',
  '/account/recovery-codes',
  '/account/end-session',
  '/account/end-other-sessions',
];
const fields = [
  'email',
  'password',
  'new_email',
  'current_password',
  'new_password',
  'reset_token',
  'verification_token',
  'invitation_token',
  'second_factor_token',
  'code',
  'id',
];

let people = 0;

/** What fits a field, so that no other is at fault than the one with the token. */
function fitting(name: string): string {
  people += 1;
  if (name.endsWith('email')) return `user-${people}@example.com`;
  return name === 'code' ? '123456' : `some password ${people}`;
}

/** A token where a session, an address or a header would be. */
function outsideTheBody(target: string, body: () => object): Attempt[] {
  const headers: readonly ((token: string) => SendOptions)[] = [
    (token) => ({ session: token }),
    (token) => ({ session: token, cookieName: '__Host-session_id' }),
    (token) => ({ session: token, cookieName: 'second_factor_token' }),
    (token) => ({ headers: { authorization: `Bearer ${token}` } }),
    (token) => ({ headers: { authorization: `Basic ${Buffer.from(`:${token}`).toString('base64')}` } }),
  ];
  return [
    ...headers.map(
      (headersOf): Attempt =>
        (token) => [target, { ...body(), ...headersOf(token) }],
    ),
    ...queries.map(
      (name): Attempt =>
        (token) => [`${target}?${name}=${token}`, { ...body(), session: token }],
    ),
  ];
}

async function operations(): Promise<Attempt[]> {
  const { body } = await send(shared.daemon.url, 'GET /openapi.json');
  const { paths } = body as { paths: Record<string, Record<string, Operation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { operationId, requestBody }]) => {
      const target = `${method.toUpperCase()} ${path.replace('{id}', 'others')}`;
      const { properties = {} } = requestBody?.content['application/json']?.schema ?? {};
      const names = Object.keys(properties);
      const json = () => Object.fromEntries(names.map((name) => [name, fitting(name)]));
      const inBody = names
        // Its own field is the one place where it opens something.
        .filter((name) => operationId !== 'logInWithCode' || name !== 'second_factor_token')
        .map(
          (name): Attempt =>
            (token) => [target, { json: { ...json(), [name]: token }, session: token }],
        );
      const inPath = path.includes('{id}')
        ? [
            ((token) => [
              `${method.toUpperCase()} ${path.replace('{id}', token)}`,
              { session: token },
            ]) satisfies Attempt,
          ]
        : [];
      return [...outsideTheBody(target, () => (names.length > 0 ? { json: json() } : {})), ...inBody, ...inPath];
    }),
  );
}

function formsAndPages(): Attempt[] {
  return pages.flatMap((page) => [
    ...outsideTheBody(`GET ${page}`, () => ({})),
    ...fields
      .filter((name) => page !== '/login/code' || name !== 'second_factor_token')
      .map(
        (name): Attempt =>
          (token) => {
            const others = Object.fromEntries(['email', 'password', 'code'].map((other) => [other, fitting(other)]));
            return [`POST ${page}`, { form: { ...others, [name]: token }, session: token }];
          },
      ),
  ]);
}

describe.skipIf(authenticatorObstacle)('the token of a login that waits for its code', () => {
  it('is no one in every place of every operation and page, and stays good for its code', async () => {
    const { url } = shared.daemon;
    const { secret } = await enrol(url, ada);
    const { body } = await send(url, 'POST /sessions', { json: ada });
    const { second_factor_token: pending } = body as { second_factor_token: string };
    const attempts = [...(await operations()), ...formsAndPages()];
    expect(attempts.length).toBeGreaterThan(500);

    /** What was answered, but for what differs by token and person. */
    const outcome = async (attempt: Attempt, token: string) => {
      const [target, options] = attempt(token);
      const { status, headers, text, cookies, code } = await send(url, target, options);
      const names = cookies.map((cookie) => cookie.replace(/=.+/, '=…'));
      const isEchoed = text.includes(token);
      return {
        target: target.replace(token, '…'),
        status,
        code,
        cookies: names,
        isEchoed,
        location: headers.location?.replace(token, '…'),
      };
    };
    for (const attempt of attempts) {
      const unknown = randomBytes(32).toString('base64url');
      expect(await outcome(attempt, pending)).toEqual(await outcome(attempt, unknown));
    }
    const guess = await send(url, 'POST /sessions', { json: { email: ada.email, password: pending } });
    expect(guess).toMatchObject({ status: 401, code: 'invalid_credentials' });

    const json = { second_factor_token: pending, code: await readCode(secret, 0) };
    expect((await send(url, 'POST /sessions/second_factor', { json })).status).toBe(200);
  });
});
