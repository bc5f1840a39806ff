import type { Context } from '../context.ts';
import { readStorageWish } from '../session-store/choose-storage.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const otherwise = 'or choose AUTHSVC_STORAGE=file';

/** Tries the keychain as a login would. */
export async function checkKeychain({ env, keychain }: Pick<Context, 'env' | 'keychain'>): Promise<Finding> {
  const wish = readStorageWish(undefined, env.AUTHSVC_STORAGE);
  if (wish === 'file') return ok('not used: AUTHSVC_STORAGE is file');
  const probe = await keychain.probe();
  if (probe.state === 'ok') return ok('open; sessions are kept there');
  if (probe.state === 'locked') return problem(`locked (${probe.reason})`, { say: `Unlock it, ${otherwise}` });
  if (probe.state === 'failed') return problem(`unusable (${probe.reason})`, { say: `Mend it, ${otherwise}` });
  const remedy = /keytar/.test(probe.reason)
    ? { say: `Install libsecret and its headers, then authsvc again, ${otherwise}` }
    : { say: `Run a Secret Service, such as gnome-keyring or KeePassXC, ${otherwise}` };
  if (wish === 'keychain') return problem(`none here (${probe.reason}), and AUTHSVC_STORAGE forbids a file`, remedy);
  return warning(`none here (${probe.reason}): sessions are kept in files that only you can read`, remedy);
}
