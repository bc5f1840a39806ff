import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isTokenText } from '@authsvc/client';
import type { AccountName } from './account-index.ts';
import { ensurePrivateFolder, readPrivateFile, removePrivateFile, unusable, writePrivateFile } from './private-file.ts';

/**
 * One file an account, named by a digest of its address as the index has it: an address may hold
 * what a file name may not.
 */
export function sessionFileOf(stateFolder: string, { server, email }: AccountName): string {
  const digest = createHash('sha256').update(`${server}\n${email.toLowerCase()}`).digest('hex');
  return join(stateFolder, 'sessions', digest.slice(0, 32));
}

/** Keeps a session token in a file that only its owner can read. */
export function writeSessionFile(stateFolder: string, name: AccountName, token: string): void {
  ensurePrivateFolder(stateFolder);
  writePrivateFile(sessionFileOf(stateFolder, name), `${token}\n`);
}

/** @returns the token, or `undefined` when there is no such file. */
export function readSessionFile(stateFolder: string, name: AccountName): string | undefined {
  const path = sessionFileOf(stateFolder, name);
  const token = readPrivateFile(path)?.trim();
  if (token !== undefined && !isTokenText(token)) throw unusable(path, 'It does not hold a session.');
  return token;
}

export function removeSessionFile(stateFolder: string, name: AccountName): void {
  removePrivateFile(sessionFileOf(stateFolder, name));
}
