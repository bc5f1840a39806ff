import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { send } from '../support/http-client.mjs';
import { it, serve } from '../support/journey.ts';
import { root } from '../support/program.ts';

const page = readFileSync(join(root, 'README.md'), 'utf8').replaceAll(/\s+/g, ' ');
const credentials = { email: 'ada@example.com', password: 'correct horse battery' };

describe('the README', () => {
  it.for([
    ['http', {}],
    ['https', { AUTHSVC_PUBLIC_URL: 'https://auth.example.com' }],
  ] as const)('names the cookie that a login sets under %s', async ([_scheme, settings], { home }) => {
    const daemon = await serve(home, settings);
    await send(daemon.url, 'POST /users', { json: credentials });
    const { headers } = await send(daemon.url, 'POST /sessions', { json: credentials });
    const [name = ''] = headers['set-cookie']?.[0]?.split('=') ?? [];
    expect(name).toMatch(/session_id$/);
    expect(page).toContain(`\`${name}\``);
  });

  it('says that registering tells whether an address is taken, as it does', async ({ daemon }) => {
    await send(daemon.url, 'POST /users', { json: credentials });
    const { body } = await send(daemon.url, 'POST /users', { json: credentials });
    expect(page).toContain(`registering says \`${(body as { code: string }).code}\``);
  });

  it('claims the same answer for known and unknown addresses of a login and a reset alone', () => {
    const sentences = page.split(/(?<=[.!?]) /).filter((sentence) => /whether or not an account exists/.test(sentence));
    expect(sentences).toEqual([expect.stringMatching(/^A login, and a reset by mail or operator, /)]);
  });
});
