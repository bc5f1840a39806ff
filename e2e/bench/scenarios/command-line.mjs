import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { findSecretServiceObstacle, startSecretService } from '../../../test/secret-service.mjs';
import { authsvcFile, startAuthsvc } from '../parties/authsvc.mjs';
import { alternate, contest } from '../rounds.mjs';
import { password, userEmail } from '../seed.mjs';
import { bareNode, measureRun } from './run-times.mjs';
import { parties } from './scenario.mjs';

/** @type {import('./scenario.mjs').Scenario} */
export const commandLine = {
  name: 'command-line',
  title: 'The command line',
  needsNobodyElse: true,
  run: async ({ folder, rounds, quick, start }) => {
    const runs = quick ? 2 : 5;
    const { url } = await start(startAuthsvc(folder));
    const keyring = findSecretServiceObstacle() ? undefined : await startSecretService(folder, join(folder, 'bus'));
    const inFile = { HOME: folder, AUTHSVC_URL: url, AUTHSVC_STORAGE: 'file' };
    const state = join(folder, 'keychain');
    const inKeychain = { ...inFile, ...keyring?.env, AUTHSVC_STORAGE: 'keychain', XDG_STATE_HOME: state };
    try {
      runWithPassword('register', inFile);
      runWithPassword('login', inFile);
      const against = 'command-line/bare-node';
      const row = { party: parties.authsvc, unit: 'ms', against };
      const contests = [
        bareNode(against, runs),
        ...['--version', '--help', 'profile'].map((command) =>
          contest({ ...row, id: `command-line/${command}`, load: `authsvc ${command}` }, () =>
            measureRun(runs, [authsvcFile, command], inFile),
          ),
        ),
      ];
      if (keyring) {
        runWithPassword('login', inKeychain);
        const load = 'authsvc profile, session in the keychain';
        contests.push(
          contest({ ...row, id: 'command-line/profile-keychain', load }, () =>
            measureRun(runs, [authsvcFile, 'profile'], inKeychain),
          ),
        );
      }
      return await alternate(contests, rounds);
    } finally {
      await keyring?.stop();
    }
  },
};

/**
 * @param {string} command
 * @param {Record<string, string>} env
 */
function runWithPassword(command, env) {
  const args = [authsvcFile, command, '--email', userEmail(0), '--password-stdin'];
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    input: password,
  });
  if (status !== 0) throw new Error(`authsvc ${command} ended with status ${status}: ${stderr}`);
}
