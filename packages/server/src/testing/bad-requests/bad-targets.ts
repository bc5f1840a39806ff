import fc from 'fast-check';
import { anyText, asJson, type BadRequestKind, type Owner, rightRequests, spoiled } from './bad-request.ts';

/** Latin-1 as a header may hold it. */
const headerText = fc.string({
  unit: fc.oneof(
    fc.constantFrom(...';,= "%\\'),
    fc.integer({ min: 0x21, max: 0xff }).map((code) => String.fromCharCode(code)),
  ),
  maxLength: 200,
});
const visible = headerText.map((text) => text.replaceAll('\x7f', '').trim());

/** A client resolves `..` before it sends, and so may ask for a path that exists. */
const staysNowhere = (url: string) => new URL(url, 'http://localhost').pathname.startsWith('/nowhere');

/** Requests that are refused for where they go, where they come from, or who sends them. */
export function badTargets(owner: Owner): BadRequestKind[] {
  const { register, logIn, askReset, reset } = rightRequests(owner);

  const asksForSession = fc.constantFrom(
    ['GET', '/profile'] as const,
    ['GET', '/sessions'] as const,
    ['DELETE', '/sessions'] as const,
    ['DELETE', '/sessions/others'] as const,
    ['DELETE', '/sessions/a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44'] as const,
  );
  const token = fc.oneof(
    fc.stringMatching(/^[\w-]{43}$/),
    visible,
    fc.constant("' OR 1=1--"),
    fc.constant('x'.repeat(4000)),
  );
  const cookie = fc.oneof(
    visible,
    token.map((text) => `session_id=${text}`),
    // The valid cookie comes after more cookies than are tried.
    token.map((text) => `a=b; ${`session_id=${text}; `.repeat(4)}${owner.cookie}`),
  );
  const cookies = fc
    .tuple(asksForSession, cookie)
    .map(([[method, url], header]) => ({ request: { method, url, headers: { cookie: header } } }));

  const id = fc.oneof(
    anyText({ minLength: 1, maxLength: 100 }).filter((text) => text.isWellFormed()),
    fc.uuid(),
  );
  const ids = id.map((text) => ({
    request: {
      method: 'DELETE' as const,
      url: `/sessions/${encodeURIComponent(text)}`,
      headers: { cookie: owner.cookie },
    },
  }));

  const method = fc.constantFrom('GET', 'PATCH', 'OPTIONS', 'DELETE', 'PUT', 'POST');
  const path = fc.oneof(
    fc.webPath(),
    fc.string({ unit: fc.constantFrom(...'/.%20af\\?#;:@&=~'), maxLength: 40 }),
    fc.constantFrom(
      'profile/',
      'Users',
      'users/1',
      'sessions%2fothers',
      '%zz',
      '%00',
      '..%2f..%2fetc%2fpasswd',
      'openapi.json/',
    ),
  );
  const paths = fc
    .tuple(method, path)
    .map(([verb, text]) => ({ request: { method: verb as 'GET', url: `/nowhere/${text}` } }))
    .filter(({ request }) => staysNowhere(request.url));

  const elsewhere = spoiled(owner, fc.oneof(register, logIn, askReset, reset), ({ fields }) => {
    const header = fc.oneof(
      fc.tuple(
        fc.constant('host'),
        fc.oneof(
          fc.domain(),
          fc.ipV4().filter((ip) => !ip.startsWith('127.')),
          visible.map((text) => `x${text}`),
        ),
      ),
      fc.tuple(fc.constant('origin'), fc.oneof(fc.constant('null'), fc.webUrl(), visible)),
      fc.tuple(fc.constant('sec-fetch-site'), fc.oneof(fc.constantFrom('cross-site', 'same-site'), visible)),
    );
    return header.map(([name, value]) => {
      const { payload, headers } = asJson(fields);
      return { payload, headers: { ...headers, [name]: value } };
    });
  });

  const noted = spoiled(owner, fc.oneof(logIn, askReset, reset), ({ fields }) => {
    const name = fc.constantFrom(
      'x-forwarded-for',
      'user-agent',
      'forwarded',
      'via',
      'x-forwarded-host',
      'x-forwarded-proto',
      'accept',
    );
    return fc.tuple(name, visible).map(([header, value]) => {
      const { payload, headers } = asJson(fields);
      return { payload, headers: { ...headers, [header]: value } };
    });
  });

  return [
    { what: 'cookies', requests: cookies, codes: ['unauthenticated'] },
    { what: 'ids of sessions', requests: ids, codes: ['not_found', 'method_not_allowed', 'invalid_request'] },
    { what: 'paths', requests: paths, codes: ['not_found', 'invalid_request'] },
    { what: 'hosts and origins', requests: elsewhere, codes: ['misdirected_request', 'cross_origin'] },
    {
      what: 'headers that are noted',
      requests: noted,
      codes: ['invalid_credentials', 'unknown_email', 'invalid_reset_token', 'reset_delivery_refused', 'rate_limited'],
    },
  ];
}
