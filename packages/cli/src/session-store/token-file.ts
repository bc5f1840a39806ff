import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isTokenText } from '@authsvc/client';
import type { AccountName } from './account-index.ts';
import { ensurePrivateFolder, readPrivateFile, removePrivateFile, unusable, writePrivateFile } from './private-file.ts';

/** Tokens in files that only their owner can read, one an account. */
export interface TokenFiles {
  pathOf(name: AccountName): string;
  write(name: AccountName, token: string): void;
  /**
   * @returns `undefined` when there is no such file.
   * @throws {@link CliError} `state_unusable`: it holds no token, or is open to others.
   */
  read(name: AccountName): string | undefined;
  remove(name: AccountName): void;
}

/** Files are named by a digest: an address may hold characters that a file name may not. */
export function createTokenFiles(stateFolder: string, folder: 'sessions' | 'devices'): TokenFiles {
  const pathOf = ({ server, email }: AccountName) => {
    const digest = createHash('sha256').update(`${server}\n${email.toLowerCase()}`).digest('hex');
    return join(stateFolder, folder, digest.slice(0, 32));
  };
  return {
    pathOf,
    write(name, token) {
      ensurePrivateFolder(stateFolder);
      writePrivateFile(pathOf(name), `${token}\n`);
    },
    read(name) {
      const path = pathOf(name);
      const token = readPrivateFile(path)?.trim();
      if (token !== undefined && !isTokenText(token)) throw unusable(path, 'It does not hold a token.');
      return token;
    },
    remove: (name) => removePrivateFile(pathOf(name)),
  };
}
