import { describe, expect, it } from 'vitest';
import { describeMailFailure } from './mail-failure.ts';

const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const email = "ada.o'brien@example.com";

describe('describeMailFailure', () => {
  it.each([
    [{ code: 'ESOCKET', originalCode: 'ECONNREFUSED', command: 'CONN' }, 'ESOCKET (ECONNREFUSED) at connect'],
    [
      { code: 'ESOCKET', originalCode: 'DEPTH_ZERO_SELF_SIGNED_CERT', command: 'CONN' },
      /^ESOCKET \(DEPTH_.*\) at TLS$/,
    ],
    [{ code: 'ETLS', command: 'STARTTLS' }, 'ETLS at TLS'],
    [{ code: 'EPROTOCOL', command: 'HELO', response: '550 bad name' }, 'EPROTOCOL at EHLO: 550 bad name'],
    [{ code: 'EAUTH', command: 'AUTH PLAIN', response: '535 5.7.8 no' }, 'EAUTH at AUTH: 535 5.7.8 no'],
    [{ code: 'EENVELOPE', command: 'MAIL FROM', response: '550 no' }, 'EENVELOPE at MAIL: 550 no'],
    [{ code: 'EMESSAGE', command: 'DATA', response: '554 no' }, 'EMESSAGE at DATA: 554 no'],
    [{ code: 'EABORT' }, 'EABORT'],
    [new Error('no mail server is set'), 'error'],
  ])('says of %o which step failed, and what the server said', (error, said) => {
    expect(describeMailFailure(error, [])).toEqual(typeof said === 'string' ? said : expect.stringMatching(said));
  });

  it.each([
    [`550 5.1.1 <${email}>: no such user`, '550 5.1.1 <<address>>: no such user'],
    ['550 "a b"@example.com and ada%40example.com unknown', '550 <address> and <address> unknown'],
    [`554 refused: ${token}`, '554 refused: …'],
    [`554 refused: ${token.toUpperCase()}`, '554 refused: …'],
    [`554 ${Buffer.from(token).toString('base64')}`, '554 …'],
    ['550 one\r\n550\u0085two\u202e', '550 one 550 two'],
    [`550 ${'no '.repeat(200)}`, `550 ${'no '.repeat(66)}`.slice(0, 200)],
  ])('takes out of %j addresses, secrets and controls, and no more than it must', (response, said) => {
    const described = describeMailFailure({ code: 'EENVELOPE', command: 'RCPT TO', response }, [token, email]);
    expect(described).toBe(`EENVELOPE at RCPT: ${said.replace('<<address>>', '<…>')}`);
  });
});
