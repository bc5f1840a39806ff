import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/**
 * Close hashers one by one, each at another moment of its workers' start, while a password still
 * waits.
 */
const program = `
  import { createBcryptHasher } from ${JSON.stringify(import.meta.resolve('@authsvc/core'))};
  for (let afterMs = 0; afterMs < 60; afterMs += 2) {
    const hasher = createBcryptHasher({ cost: 4, workers: 3 });
    const hashed = hasher.hash('secure_password');
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    await hasher.close();
    await hashed;
  }
  console.log('closed');
`;

it('closes at any moment of its start, and the process lives on', async () => {
  // In a process of its own: a crash would end this test as well.
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  expect(stdout).toBe('closed\n');
});
