import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MailTransport } from '../ports.ts';
import { systemClock, systemRandom } from '../system.ts';

/** Writes each mail to a file of mode 0600 instead of sending it, for development. */
export function createFolderTransport(folder: string): MailTransport {
  return {
    send: async ({ to, subject, text, html }) => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const name = `${new Date(systemClock.now()).toISOString().replaceAll(':', '-')}-${systemRandom.uuid()}.json`;
      const path = join(folder, name);
      const mail = JSON.stringify({ to, subject, text, html }, undefined, 2);
      await writeFile(`${path}.tmp`, `${mail}\n`, { mode: 0o600, flag: 'wx' });
      await rename(`${path}.tmp`, path);
    },
  };
}
