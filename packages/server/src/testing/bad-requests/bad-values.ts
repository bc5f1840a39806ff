import fc from 'fast-check';
import { anyText, asJson, type BadRequestKind, CANARY, type Owner, rightRequests, spoiled } from './bad-request.ts';

/** Bodies that a schema admits, and the rules do not. */
export function badValues(owner: Owner): BadRequestKind[] {
  const { register, logIn, askReset, reset, changePassword, changeEmail, deleteAccount } = rightRequests(owner);

  const emails = spoiled(owner, fc.oneof(register, logIn, askReset, reset, changeEmail), ({ fields }) => {
    const name = 'email' in fields ? 'email' : 'new_email';
    return badEmail.map((address) => asJson({ ...fields, [name]: address }));
  });

  const passwords = spoiled(owner, fc.oneof(register, reset, changePassword), ({ fields, email }) => {
    const name = 'new_password' in fields ? 'new_password' : 'password';
    const address = 'email' in fields ? email : owner.email;
    const own = fc.constantFrom(address, address.toUpperCase(), address.replace('e', 'E'), address.split('@')[0] ?? '');
    return fc.oneof(badPassword, own).map((password) => asJson({ ...fields, [name]: password }));
  });

  const secret = anyText({ minLength: 1, maxLength: 128 }).map((text) => text || CANARY);
  const secrets = fc.oneof(
    spoiled(owner, logIn, ({ fields }) => secret.map((password) => asJson({ ...fields, password }))),
    spoiled(owner, reset, ({ fields }) => secret.map((token) => asJson({ ...fields, reset_token: token }))),
    spoiled(owner, askReset, ({ fields }) => fc.constant(asJson(fields))),
    spoiled(owner, fc.oneof(register, logIn, reset), ({ fields }) =>
      fc.constant(asJson({ ...fields, email: owner.email.toUpperCase() })),
    ),
    spoiled(owner, fc.oneof(changeEmail, deleteAccount), ({ fields }) =>
      secret.map((password) => asJson({ ...fields, password })),
    ),
    spoiled(owner, changePassword, ({ fields }) =>
      secret.map((guess) => asJson({ ...fields, current_password: guess })),
    ),
  );

  return [
    { what: 'emails', requests: emails, codes: ['invalid_request'] },
    { what: 'passwords', requests: passwords, codes: ['password_rejected', 'invalid_request', 'rate_limited'] },
    {
      what: 'secrets',
      requests: secrets,
      codes: ['invalid_credentials', 'unknown_email', 'invalid_reset_token', 'email_taken', 'rate_limited'],
    },
  ];
}

const inNoLocalPart = anyText({ minLength: 1, maxLength: 3 }).filter((text) =>
  /[^A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]/.test(text),
);
const inNoDomain = fc.string({
  unit: fc.constantFrom(...'\0\r\n\t "%/:;<>@?#[]\\_,()\u00ad\ud800'),
  minLength: 1,
  maxLength: 3,
});
const badEmail = fc.oneof(
  inNoLocalPart.chain((text) =>
    fc.constantFrom(`${text}local@example.com`, `lo${text}cal@example.com`, `l${text}@a.com`),
  ),
  fc
    .tuple(inNoDomain, fc.nat({ max: 11 }))
    .map(([text, at]) => `local@${'example.com'.slice(0, at)}${text}${'example.com'.slice(at)}`),
  fc.constantFrom('.', '-', '..', 'a..b', '-a', 'a-', '[::1]', 'xn--\u00e4').map((domain) => `local@${domain}`),
  fc.ipV4Extended().map((address) => `local@${address}`),
  fc.ipV6().map((address) => `local@[IPv6:${address}]`),
  fc.integer({ min: 65, max: 242 }).map((length) => `${'l'.repeat(length)}@example.com`),
  fc.integer({ min: 64, max: 300 }).map((length) => `l@${'d'.repeat(length)}`),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }).filter((text) => !text.includes('@')),
);

const badPassword = fc.oneof(
  anyText({ minLength: 1, maxLength: 7 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 257, maxLength: 1500 }),
  fc.string({ minLength: 8, maxLength: 40 }).map((text) => `${text}\ud800`),
  fc.string({ minLength: 8, maxLength: 40 }).map((text) => `\udfff${text}`),
  fc.constantFrom('password123', 'PassWord123', '\0'.repeat(7)),
);
