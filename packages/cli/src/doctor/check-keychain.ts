import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import type { KeychainLibrary } from '../keychain/keychain.ts';
import { type Account, libraryOf } from '../session-store/account-index.ts';
import { readStorageWish } from '../session-store/choose-storage.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const otherwise = 'or choose AUTHSVC_STORAGE=file';

/**
 * Try the keychain as a login would, and whether stored sessions can be read.
 *
 * @param accounts those that have a session on this machine.
 */
export async function checkKeychain(
  { env, keychain }: Pick<Context, 'env' | 'keychain'>,
  accounts: readonly Account[],
): Promise<readonly Finding[]> {
  const wish = readStorageWish(undefined, env.AUTHSVC_STORAGE);
  if (wish === 'file') return [ok('not used: AUTHSVC_STORAGE is file')];
  const held = countByLibrary(accounts);
  const probe = await keychain.probe();
  if (probe.state === 'ok') return [describeOpen(probe.library, held), ...(await findUnreadable(keychain, held))];
  if (probe.state === 'locked') return [problem(`locked (${probe.reason})`, { say: `Unlock it, ${otherwise}` })];
  if (probe.state === 'failed') return [problem(`unusable (${probe.reason})`, { say: `Repair it, ${otherwise}` })];
  const remedy = /be loaded/.test(probe.reason)
    ? { say: `Install authsvc again, with its optional dependencies, ${otherwise}` }
    : { say: `Run a Secret Service, such as gnome-keyring or KeePassXC, ${otherwise}` };
  if (wish === 'keychain') return [problem(`none here (${probe.reason}), and AUTHSVC_STORAGE forbids a file`, remedy)];
  return [warning(`none here (${probe.reason}): sessions are kept in files that only you can read`, remedy)];
}

type Held = ReadonlyMap<KeychainLibrary, number>;

function countByLibrary(accounts: readonly Account[]): Held {
  const held = new Map<KeychainLibrary, number>();
  for (const account of accounts.filter(({ storage }) => storage === 'keychain')) {
    held.set(libraryOf(account), (held.get(libraryOf(account)) ?? 0) + 1);
  }
  return held;
}

function describeOpen(library: KeychainLibrary, held: Held): Finding {
  const kept = [...held].map(([name, count]) => `; ${name} holds ${describeSessions(count)}`);
  return ok(`open, through ${library}; sessions are kept there${kept.join('')}`);
}

/** What saved a session in the keychain is needed to read it. */
async function findUnreadable({ get }: Context['keychain'], held: Held): Promise<Finding[]> {
  const entry = { service: 'authsvc', account: 'probe' };
  const asked = [...held].map(async ([library, count]) => {
    const answer = await get({ ...entry, library });
    if (answer.state !== 'absent') return [];
    const sessions = describeSessions(count);
    return [
      warning(`${sessions} there cannot be read: ${answer.reason}`, {
        say: 'Log in again',
        command: shell`authsvc login`,
      }),
    ];
  });
  return (await Promise.all(asked)).flat();
}

function describeSessions(count: number): string {
  return `${count} session${count === 1 ? '' : 's'}`;
}
