import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { totpCode } from '../../../../test/totp-code.ts';
import { run } from '../program.ts';
import { enrol } from '../testing/enrol.ts';
import { PASSWORD, startLocalService } from '../testing/local-service.ts';

const ada = 'ada@example.com';
const RECOVERY_CODE = /([A-Z2-7]{4}-){5}[A-Z2-7]{4}/;

it.each([
  ['enable', 'ENOSPC', 'no space left on device'],
  ['enable', 'EPIPE', 'its reader has gone'],
  ['codes', 'ENOSPC', 'no space left on device'],
  ['codes', 'EPIPE', 'its reader has gone'],
])('codes of mfa %s that are lost by %s can be made again', async (name, code, reason) => {
  const service = await startLocalService();
  await service.register(ada);
  await service.authsvc(['login', '--email', ada, '--password-stdin'], { input: PASSWORD });
  const stdin = new PassThrough();
  stdin.write(`${PASSWORD}\n`);
  if (name === 'codes') {
    const { secret } = await enrol(service);
    stdin.write(`${totpCode(secret, Date.now() + 30_000)}\n`);
  }
  /** Takes all but recovery codes. */
  const stdout = new Writable({
    write: (chunk, _encoding, done) => {
      const text = String(chunk);
      if (RECOVERY_CODE.test(text)) return done(Object.assign(new Error(code), { code }));
      const [secret] = /^[A-Z2-7]{32}$/m.exec(text) ?? [];
      if (secret) stdin.write(`${totpCode(secret, Date.now())}\n`);
      done();
    },
  });
  const stderr = new PassThrough();
  const { env } = service.machine.context;
  const status = await run(['mfa', name, '--password-stdin', '--code-stdin'], {
    ...service.machine.context,
    env: { ...env, AUTHSVC_URL: service.url, AUTHSVC_DATA_DIR: service.dataFolder },
    stdin,
    stdout,
    stderr,
  });
  expect(status).toBe(1);
  expect(String(stderr.read())).toBe(
    [
      `✗ The recovery codes could not be written to standard output (${reason})`,
      '  They are lost, since the service does not keep them.',
      '  Make new ones: authsvc mfa codes',
      '',
    ].join('\n'),
  );
});
