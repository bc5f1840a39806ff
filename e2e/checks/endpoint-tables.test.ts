import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { totpCode } from '../../test/totp-code.ts';
import { mustSend, send } from '../support/http-client.mjs';
import { shareDaemon } from '../support/journey.ts';
import { root } from '../support/program.ts';

const shared = shareDaemon();
let mails = '';
/** One that mails tokens to a folder. */
const mailing = shareDaemon((home) => {
  mails = join(home, 'mails');
  return { AUTHSVC_MAIL_DIR: mails };
});
const read = (page: string) => readFileSync(join(root, page), 'utf8');
const allPages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter((name) =>
  name.endsWith('.md'),
);

interface Row {
  readonly page: string;
  /** A method and a path, as in `DELETE /sessions/:id`. */
  readonly target: string;
  readonly fields: readonly string[];
  readonly success: string;
  /** Such as `400 email_taken`. */
  readonly refusals: readonly string[];
}

const rows: readonly Row[] = ['README.md', 'docs/endpoints.md'].flatMap((page) =>
  [...read(page).matchAll(/^\| `([A-Z]+ \/\S*)`(?: `(\{.*?\})`)? \| `(\{.*?\})`.*? \| (.*) \|$/gm)].map(
    ([, target = '', body = '', success = '', refusals = '']) => ({
      page,
      target,
      fields: [...body.matchAll(/"(\w+)"/g)].map(([, name = '']) => name),
      // A blank after a comma lets the page break the line.
      success: success.replaceAll(/, (?=")/g, ','),
      refusals: [...refusals.matchAll(/(\d{3}) (`[a-z_`, ]+`)/g)].flatMap(([, status, codes = '']) =>
        [...codes.matchAll(/`([a-z_]+)`/g)].map(([, code]) => `${status} ${code}`),
      ),
    }),
  ),
);

/** A body in the words of the tables: its keys, and the text of a message. */
function shapeOf(value: unknown): string {
  if (value === null) return ':null';
  if (Array.isArray(value)) return typeof value[0] === 'object' ? `:[${shapeOf(value[0]).slice(1)}]` : '';
  if (typeof value !== 'object') return '';
  const keys = Object.entries(value).map(([key, inner]) =>
    key === 'message' ? `"message":"${inner}"` : `"${key}"${shapeOf(inner)}`,
  );
  return `:{${keys.join(',')}}`;
}

let people = 0;

/** A user with two sessions and a reset token, and a value for each field of the tables. */
async function prepareUser() {
  people += 1;
  const password = 'correct horse battery';
  const email = `user-${people}@example.com`;
  const agent = { 'user-agent': 'curl/8.0' };
  await mustSend(shared.daemon.url, 'POST /users', { json: { email, password } });
  const logIn = () => mustSend(shared.daemon.url, 'POST /sessions', { json: { email, password }, headers: agent });
  const [{ session }] = [await logIn(), await logIn()];
  const { body: listed } = await mustSend(shared.daemon.url, 'GET /sessions', { session });
  const { sessions } = listed as { sessions: readonly { id: string; current: boolean }[] };
  const { body: reset } = await mustSend(shared.daemon.url, 'POST /reset_password', { json: { email } });
  const { reset_token } = reset as { reset_token: string };
  const other = sessions.find(({ current }) => !current)?.id ?? '';
  const values = { email, password, reset_token, current_password: password };
  return { session, other, values: { ...values, new_password: 'staple after staple', new_email: `new-${email}` } };
}

/** A registration that waits for its proof, with its token. */
async function prepareProof() {
  const fields = { email: 'ada@example.com', password: 'correct horse battery' };
  await mustSend(mailing.daemon.url, 'POST /users', { json: fields });
  const verification_token = await tokenMailedTo(fields.email, 1);
  return { session: undefined, other: '', values: { ...fields, verification_token } };
}

/** The token in the newest of so many mails. */
async function tokenMailedTo(email: string, count: number): Promise<string> {
  const names = () => (existsSync(mails) ? readdirSync(mails).filter((name) => name.endsWith('.json')) : []);
  const sent = () =>
    names()
      .sort()
      .map((name) => JSON.parse(readFileSync(join(mails, name), 'utf8')) as { to: string; text: string })
      .filter(({ to }) => to === email);
  await expect.poll(sent, { timeout: 30_000 }).toHaveLength(count);
  return /^ {4}([\da-f-]{36})$/m.exec(sent().at(-1)?.text ?? '')?.[1] ?? '';
}

/** A person who was sent a notice of a login from elsewhere. */
async function prepareNotice() {
  const { url } = mailing.daemon;
  const fields = { email: 'grace@example.com', password: 'correct horse battery' };
  await mustSend(url, 'POST /users', { json: fields });
  const verification_token = await tokenMailedTo(fields.email, 1);
  await mustSend(url, 'PUT /email_verification', { json: { ...fields, verification_token } });
  await mustSend(url, 'POST /sessions', { json: fields });
  await mustSend(url, 'POST /sessions', { json: fields, from: '127.0.0.2' });
  const token = await tokenMailedTo(fields.email, 2);
  return { session: undefined, other: '', values: { ...fields, token } };
}

/** A user with a known device. */
async function prepareDevice() {
  const user = await prepareUser();
  const { body } = await mustSend(shared.daemon.url, 'GET /profile/devices', { session: user.session });
  return { ...user, other: (body as { devices: { id: string }[] }).devices[0]?.id ?? '' };
}

/** A user with a second factor, or with one that waits for its first code. */
async function prepareFactor(target: string) {
  const { session, values } = await prepareUser();
  const { email, password } = values;
  const call = (to: string, json: object) => mustSend(shared.daemon.url, to, { json, session });
  const { body: begun } = await call('POST /profile/totp', { password });
  const code = totpCode((begun as { secret: string }).secret, Date.now());
  if (target === 'PUT /profile/totp') return { session, other: '', values: { ...values, code } };
  const enabled = await call('PUT /profile/totp', { code });
  const [recoveryCode = ''] = (enabled.body as { recovery_codes: string[] }).recovery_codes;
  const asked = await send(shared.daemon.url, 'POST /sessions', { json: { email, password } });
  const { second_factor_token } = asked.body as { second_factor_token: string };
  const prepared = { ...values, code: recoveryCode, second_factor_token };
  return { session: enabled.session, other: '', values: prepared };
}

const withFactor = [
  'POST /sessions/second_factor',
  'GET /profile/factors',
  'PUT /profile/totp',
  'DELETE /profile/totp',
  'POST /profile/recovery_codes',
];

/** Of these, a token comes by mail. */
const mailed = ['PUT /email_verification', 'POST /not_me'];

function prepare(target: string) {
  if (target === 'PUT /email_verification') return prepareProof();
  if (target === 'POST /not_me') return prepareNotice();
  if (target === 'DELETE /profile/devices/:id') return prepareDevice();
  return withFactor.includes(target) ? prepareFactor(target) : prepareUser();
}

type Values = Readonly<Record<string, string>>;

describe('an endpoint in a table', () => {
  it('is found in both pages', () => {
    const count = (page: string) => rows.filter((row) => row.page === page).length;
    expect([count('README.md'), count('docs/endpoints.md')]).toEqual([7, 24]);
  });

  it.for(rows)('$page: $target has the fields and the answer that the table says', async (row) => {
    const { session, other, values } = await prepare(row.target);
    const { url } = mailed.includes(row.target) ? mailing.daemon : shared.daemon;
    const email = row.target === 'POST /users' ? `first-${values.email}` : values.email;
    const known: Values = { ...values, email };
    const json = Object.fromEntries(row.fields.map((name) => [name, known[name]]));
    const { status, body } = await send(url, row.target.replace(':id', other), {
      session,
      ...(row.fields.length > 0 && { json }),
    });
    expect([status, shapeOf(body)]).toEqual([200, `:${row.success}`]);
  });

  it.for(rows)('$page: $target is refused as the table says', async ({ target, refusals }) => {
    const [method = '', path = ''] = target.replace(':id', '{id}').toLowerCase().split(' ');
    const { body } = await mustSend(shared.daemon.url, 'GET /openapi.json');
    const { paths } = body as { paths: Record<string, Record<string, { responses: object }>> };
    const responses = Object.entries(paths[path]?.[method]?.responses ?? {});
    const possible = responses.flatMap(([status, { $ref = '' }]) =>
      ($ref.split('/').at(-1) ?? '').split('.').map((code: string) => `${status} ${code}`),
    );
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals.filter((refusal) => !possible.includes(refusal))).toEqual([]);
  });
});

describe('an address on the port of the service', () => {
  const found = allPages.flatMap((page) =>
    [...read(page).matchAll(/\b(?:127\.0\.0\.1|localhost):4100(\/[\w./-]*)/g)].map(([, path = '']) => path),
  );

  it.for([...new Set(found)])('leads somewhere: %s', async (path) => {
    const { status } = await send(shared.daemon.url, `GET ${path}`);
    expect(status).not.toBe(404);
  });

  it('is on the default port, at the default host', () => {
    const defaults = read('docs/settings.md');
    for (const [setting, value] of [
      ['HOST', '127.0.0.1'],
      ['PORT', '4100'],
    ]) {
      expect(defaults).toContain(`| \`AUTHSVC_LISTEN_${setting}\` | \`${value}\` |`);
    }
    expect(found).toEqual(expect.arrayContaining(['/whoami', '/ready']));
  });
});
