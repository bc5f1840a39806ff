import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startLocalService } from '../testing/local-service.ts';

const email = 'ada@example.com';

it.each([
  [[], `✓ Invited ${email} by mail\n`],
  [['--link'], `✓ Invited ${email} by mail, which holds the link: it is not printed\n`],
])('users invite %j prints nothing where the invitation goes by mail, and says so', async (options, stderr) => {
  const mails = mkdtempSync(join(tmpdir(), 'authsvc-mails-'));
  onTestFinished(() => rmSync(mails, { recursive: true }));
  const service = await startLocalService({ env: { AUTHSVC_MAIL_DIR: mails } });
  const invited = await service.authsvc(['users', 'invite', email, ...options]);
  expect(invited).toEqual({ status: 0, stdout: '', stderr });
});
