import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from './config.ts';
import type { Environment } from './setting.ts';

const home = { HOME: '/home/ada' };
const loadedFrom = (env: Environment) => loadConfig({ ...home, ...env });

function problemsOf(env: Environment): readonly string[] {
  try {
    loadedFrom(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const exposedProblem = (host: string) =>
  `AUTHSVC_LISTEN_HOST ${host} can be reached from other machines: set AUTHSVC_PUBLIC_URL to the address that clients use, such as https://auth.example.com (or http://localhost:4100 for a container whose port is published on this machine alone), or leave AUTHSVC_LISTEN_HOST out to serve this machine only`;
const responseProblem =
  'AUTHSVC_RESET_DELIVERY response would hand reset tokens, and with them every account, to anyone who can reach the daemon from outside: set it to smtp (with AUTHSVC_SMTP_URL) or to operator';

describe('exposure', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', '128.0.0.1', 'fe80::1', '::ffff:10.0.0.1'])(
    'refuses to listen on %s without a public URL, and names it',
    (host) => {
      expect(problemsOf({ AUTHSVC_LISTEN_HOST: host })).toEqual([exposedProblem(host)]);
      expect(problemsOf({ AUTHSVC_LISTEN_HOST: host, AUTHSVC_PUBLIC_URL: 'https://auth.example.com' })).toEqual([]);
      expect(problemsOf({ AUTHSVC_LISTEN_HOST: host, AUTHSVC_PUBLIC_URL: 'http://localhost:4100' })).toEqual([]);
    },
  );

  it.each([
    { AUTHSVC_LISTEN_HOST: '0.0.0.0', AUTHSVC_PUBLIC_URL: 'https://auth.example.com' },
    { AUTHSVC_LISTEN_HOST: '0.0.0.0', AUTHSVC_PUBLIC_URL: 'http://localhost:4100' },
    { AUTHSVC_PUBLIC_URL: 'http://auth.example.com' },
    { AUTHSVC_PUBLIC_URL: 'https://[2001:db8::1]:8443' },
  ])('refuses to hand tokens to any client under %o', (env) => {
    expect(problemsOf({ ...env, AUTHSVC_RESET_DELIVERY: 'response' })).toEqual([responseProblem]);
  });

  it('admits delivery in the response where only this machine can ask', () => {
    const env = { AUTHSVC_PUBLIC_URL: 'http://localhost:4100', AUTHSVC_RESET_DELIVERY: 'response' };
    expect(loadedFrom(env).resetDelivery).toBe('response');
  });

  it.each([
    [{}, 'response', 600],
    [{ AUTHSVC_PUBLIC_URL: 'https://auth.example.com' }, 'operator', 1800],
    [{ AUTHSVC_SMTP_URL: 'smtp://localhost:2525' }, 'smtp', 1800],
    [{ AUTHSVC_MAIL_DIR: '/tmp/mails' }, 'smtp', 1800],
    [{ AUTHSVC_PUBLIC_URL: 'https://auth.example.com', AUTHSVC_SMTP_URL: 'smtp://localhost:2525' }, 'smtp', 1800],
    [{ AUTHSVC_RESET_DELIVERY: 'operator' }, 'operator', 1800],
    [{ AUTHSVC_SMTP_URL: 'smtp://localhost:2525', AUTHSVC_RESET_DELIVERY: 'response' }, 'response', 600],
  ] as const)('with %o delivers by default so that it fits', (env, resetDelivery, resetTokenSeconds) => {
    expect(loadedFrom(env)).toMatchObject({ resetDelivery, resetTokenSeconds });
  });

  it('needs one way for mails, and not two', () => {
    expect(problemsOf({ AUTHSVC_RESET_DELIVERY: 'smtp' })).toEqual([
      'AUTHSVC_RESET_DELIVERY smtp needs a mail server: set AUTHSVC_SMTP_URL, or AUTHSVC_MAIL_DIR for development',
    ]);
    expect(problemsOf({ AUTHSVC_SMTP_URL: 'smtp://localhost', AUTHSVC_MAIL_DIR: '/tmp/mails' })).toEqual([
      'AUTHSVC_SMTP_URL and AUTHSVC_MAIL_DIR are both set: a mail goes one way, so leave one out',
    ]);
  });

  it('asks for the proof of addresses wherever mails can be sent, and nowhere else', () => {
    expect(loadedFrom({})).toMatchObject({ emailVerification: 'off', isDefaultEmailVerification: true });
    expect(loadedFrom({ AUTHSVC_SMTP_URL: 'smtp://localhost' }).emailVerification).toBe('required');
    expect(loadedFrom({ AUTHSVC_MAIL_DIR: '/tmp/mails' }).emailVerification).toBe('required');
    const chosen = { AUTHSVC_MAIL_DIR: '/tmp/mails', AUTHSVC_EMAIL_VERIFICATION: 'off' };
    expect(loadedFrom(chosen)).toMatchObject({ emailVerification: 'off', isDefaultEmailVerification: false });
    expect(problemsOf({ AUTHSVC_EMAIL_VERIFICATION: 'required' })).toEqual([
      'AUTHSVC_EMAIL_VERIFICATION required needs a mail server: set AUTHSVC_SMTP_URL, or AUTHSVC_MAIL_DIR for development; without one, set AUTHSVC_REGISTRATION to invited and print invitations with authsvc users invite',
    ]);
  });

  it('reports what cannot be together beside what cannot be alone, and guesses at nothing', () => {
    const env = { AUTHSVC_LISTEN_HOST: '0.0.0.0', AUTHSVC_BCRYPT_COST: '9' };
    expect(problemsOf(env)).toHaveLength(2);
    expect(problemsOf({ ...env, AUTHSVC_PUBLIC_URL: 'auth.example.com' })).toEqual([
      'AUTHSVC_PUBLIC_URL must be an http or https address, such as https://auth.example.com',
      'AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "9"',
    ]);
  });

  it('warns of what crosses the network unencrypted, and of mails that reach no one', () => {
    const env = { AUTHSVC_PUBLIC_URL: 'http://auth.example.com', AUTHSVC_MAIL_DIR: '/tmp/mails' };
    expect(loadedFrom(env).warnings.map(({ event }) => event)).toEqual(['public_url_is_http', 'mails_go_to_files']);
    expect(loadedFrom({ AUTHSVC_PUBLIC_URL: 'https://auth.example.com' }).warnings).toEqual([]);
  });

  it.each([
    ['https://auth.example.com?a', 'must end after its path, as in https://auth.example.com/auth'],
    ['https://auth.example.com/auth#a', 'must end after its path, as in https://auth.example.com/auth'],
    ...['/a b', '/a%20b', '//auth', '/auth//', '/./auth', '/auth/..', '/a\\b', '/ä', '/a;b'].map((path) => [
      `https://auth.example.com${path}`,
      "must have a path of letters, digits, '-', '.', '_' and '~', as in https://auth.example.com/auth",
    ]),
    ...['sessions', 'whoami', 'login', 'health'].map((segment) => [
      `https://auth.example.com/${segment}/x`,
      `must not have a path below /${segment}, which is a route of authsvc: use https://auth.example.com/auth`,
    ]),
    ['https://ada:secret@auth.example.com', 'must not hold a user or a password'],
    ['ftp://auth.example.com', 'must be an http or https address, such as https://auth.example.com'],
    ['auth.example.com', 'must be an http or https address, such as https://auth.example.com'],
  ])('refuses the public URL %s', (text, problem) => {
    expect(problemsOf({ AUTHSVC_PUBLIC_URL: text })).toEqual([`AUTHSVC_PUBLIC_URL ${problem}`]);
  });

  it.each([
    ['https://app.example.com/auth', '/auth'],
    ['https://app.example.com/auth/', '/auth'],
    ['https://app.example.com/a-b/c.d/~e_f', '/a-b/c.d/~e_f'],
    ['https://app.example.com/', '/'],
    ['https://app.example.com', '/'],
  ])('takes the public URL %s with the path %s', (text, path) => {
    const { publicUrl } = loadedFrom({ AUTHSVC_PUBLIC_URL: text });
    expect(publicUrl?.href).toBe(`https://app.example.com${path}`);
  });

  it('reads trusted origins as browsers write them', () => {
    const origins = 'https://app.example.com, http://localhost:3000/,https://B.example:443';
    expect(loadedFrom({ AUTHSVC_TRUSTED_ORIGINS: 'https://app.example.com, http://localhost:3000/' })).toMatchObject({
      trustedOrigins: ['https://app.example.com', 'http://localhost:3000'],
    });
    expect(problemsOf({ AUTHSVC_TRUSTED_ORIGINS: origins })).toEqual([
      'AUTHSVC_TRUSTED_ORIGINS must be origins separated by commas, each a scheme, a host and perhaps a port, such as https://app.example.com; "https://B.example:443" is not one',
    ]);
  });

  it.each(['*', 'null', 'app.example.com', 'https://app.example.com/a', 'https://*.example.com', 'file://', 'ftp://a'])(
    'refuses %s for a trusted origin',
    (text) => {
      expect(problemsOf({ AUTHSVC_TRUSTED_ORIGINS: text })).toEqual([
        expect.stringMatching(/^AUTHSVC_TRUSTED_ORIGINS must be origins separated by commas/),
      ]);
    },
  );

  it('reads allowed hosts without their ports', () => {
    expect(loadedFrom({ AUTHSVC_ALLOWED_HOSTS: 'authsvc, Auth.Internal,10.0.0.7,[fd00::7],my_app_1' })).toMatchObject({
      allowedHosts: ['authsvc', 'auth.internal', '10.0.0.7', '[fd00::7]', 'my_app_1'],
    });
  });

  it.each(['*', 'authsvc:4100', 'https://authsvc', '*.internal', '-a', 'a..b', 'user@a', 'fe80::1%eth0'])(
    'refuses %s for an allowed host',
    (text) => {
      expect(problemsOf({ AUTHSVC_ALLOWED_HOSTS: text })).toEqual([
        expect.stringMatching(/^AUTHSVC_ALLOWED_HOSTS must be host names separated by commas/),
      ]);
    },
  );

  it('trusts no proxy but those listed, and this machine where there can be no other', () => {
    const trusted = (env: Environment) => loadedFrom(env).trustedProxies;
    const publicUrl = { AUTHSVC_PUBLIC_URL: 'https://auth.example.com' };
    expect(trusted({})).toEqual(['127.0.0.0/8', '::1']);
    expect(trusted(publicUrl)).toEqual(['127.0.0.0/8', '::1']);
    expect(trusted({ ...publicUrl, AUTHSVC_LISTEN_HOST: '0.0.0.0' })).toEqual([]);
    expect(trusted({ ...publicUrl, AUTHSVC_TRUSTED_PROXIES: '10.0.0.5' })).toEqual(['10.0.0.5']);
  });

  it.each(['proxy.example.com', '10.0.0.0/33', '10.0.0/8', '::/129', 'fe80::1%eth0', '10.0.0.5/', '10.0.0.5 10.0.0.6'])(
    'refuses %s for a proxy',
    (text) => {
      expect(problemsOf({ AUTHSVC_TRUSTED_PROXIES: text })).toEqual([
        `AUTHSVC_TRUSTED_PROXIES must be addresses and networks separated by commas, such as 10.0.0.5,fd00::/8; "${text}" is neither`,
      ]);
    },
  );

  it.each(['0.0.0.0/0', '::/0'])('refuses %s, which is every address, for a proxy', (text) => {
    expect(problemsOf({ AUTHSVC_TRUSTED_PROXIES: text })).toEqual([
      `AUTHSVC_TRUSTED_PROXIES must name your proxies: "${text}" would let any client choose its own address`,
    ]);
  });

  it.each([
    'mail.example.com',
    'http://mail.example.com',
    'smtp://ada:secret@mail.example.com/x',
    'smtp://ada:secret@mail.example.com?pool=1',
    'smtp://ada:100%@mail.example.com',
    'smtp://',
  ])('refuses the mail server %s without repeating it', (text) => {
    const [problem = '', ...others] = problemsOf({ AUTHSVC_SMTP_URL: text });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^AUTHSVC_SMTP_URL /);
    expect(problem).not.toMatch(/ada|secret|100/);
  });

  it('sends mails in the name of the public host, or the configured one, in one line', () => {
    const sender = (env: Environment) => loadedFrom(env).mailFrom;
    expect(sender({ AUTHSVC_PUBLIC_URL: 'https://auth.example.com:8443' })).toBe('authsvc@auth.example.com');
    expect(sender({ AUTHSVC_PUBLIC_URL: 'http://192.0.2.1' })).toBe('authsvc@localhost');
    expect(sender({ AUTHSVC_MAIL_FROM: 'Ada & Co <auth@example.com>' })).toBe('Ada & Co <auth@example.com>');
    for (const text of ['Ada', 'a@b\r\nBcc: c@d', 'Ada\n<a@b>', '<a@b> x', 'a@b, c@d']) {
      expect(problemsOf({ AUTHSVC_MAIL_FROM: text })).toHaveLength(1);
    }
  });
});

describe('a secret in a file', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-server-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function file(content: string): Promise<string> {
    const path = join(folder, 'secret');
    await writeFile(path, content);
    return path;
  }

  it('is read without the line break at its end', async () => {
    const path = await file('smtp://ada:secret@localhost:2525\n');
    expect(loadedFrom({ AUTHSVC_SMTP_URL_FILE: path })).toMatchObject({
      smtpUrl: 'smtp://ada:secret@localhost:2525',
      resetDelivery: 'smtp',
      warnings: [],
    });
    const database = await file('sqlite:/srv/accounts.sqlite');
    expect(loadedFrom({ AUTHSVC_DATABASE_URL_FILE: database }).database).toMatchObject({
      path: '/srv/accounts.sqlite',
    });
  });

  it('is refused when it is empty, wrong, missing, too large, no file, or beside the variable', async () => {
    const problem = async (AUTHSVC_SMTP_URL_FILE: string, env = {}) => problemsOf({ AUTHSVC_SMTP_URL_FILE, ...env });
    const unreadable = 'AUTHSVC_SMTP_URL cannot be read from the file that AUTHSVC_SMTP_URL_FILE names';
    expect(await problem(await file('\n'))).toEqual([
      'AUTHSVC_SMTP_URL is empty in the file that AUTHSVC_SMTP_URL_FILE names',
    ]);
    expect(await problem(await file('secret'))).toEqual([
      'AUTHSVC_SMTP_URL must be smtp://user:password@host:port, or smtps:// for TLS from the first byte',
    ]);
    expect(await problem(join(folder, 'missing'))).toEqual([`${unreadable} (ENOENT)`]);
    expect(await problem(await file('x'.repeat(70_000)))).toEqual([`${unreadable}: it is too large`]);
    expect(await problem(folder)).toEqual([`${unreadable}: it is not a file`]);
    expect(await problem(await file('smtp://a'), { AUTHSVC_SMTP_URL: 'smtp://b' })).toEqual([
      'AUTHSVC_SMTP_URL and AUTHSVC_SMTP_URL_FILE are both set: leave one out',
    ]);
  });

  it('is for secrets alone', async () => {
    const { warnings } = loadedFrom({ AUTHSVC_LISTEN_PORT_FILE: await file('4200') });
    expect(warnings.at(-1)).toEqual({
      event: 'setting_unknown',
      message: 'AUTHSVC_LISTEN_PORT_FILE is not a setting of authsvc, and has no effect',
    });
  });
});
