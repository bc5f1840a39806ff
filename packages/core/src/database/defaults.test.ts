import { expect, it } from 'vitest';
import { createTestAuth, testDialects } from '../testing/index.ts';

it.each(testDialects)('a database that is new, on $dialect, leaves every default to the service', async ({ open }) => {
  const auth = await createTestAuth({}, open);
  expect(await auth.store.findDefault('email_verification')).toBeUndefined();
  await auth.close();
});
