import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startKeyring } from '../keyring.mjs';
import { authsvcFile, startAuthsvc } from '../parties/authsvc.mjs';
import { alternate } from '../rounds.mjs';
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
    const keyring = await startKeyring(folder);
    const inFile = { HOME: folder, AUTHSVC_URL: url, AUTHSVC_STORAGE: 'file' };
    const state = join(folder, 'keychain');
    const inKeychain = { ...inFile, ...keyring?.env, AUTHSVC_STORAGE: 'keychain', XDG_STATE_HOME: state };
    try {
      runWithPassword('register', inFile);
      runWithPassword('login', inFile);
      const contests = [
        bareNode('command-line/bare-node', runs),
        ...['--version', '--help', 'profile'].map((command) => contest(command, command, runs, inFile)),
      ];
      if (keyring) {
        runWithPassword('login', inKeychain);
        contests.push(contest('profile-keychain', 'profile', runs, inKeychain));
      }
      return await alternate(contests, rounds);
    } finally {
      await keyring?.end();
    }
  },
};

/**
 * @param {string} name
 * @param {string} command
 * @param {number} runs
 * @param {Record<string, string>} env
 * @returns {import('../rounds.mjs').Contest}
 */
function contest(name, command, runs, env) {
  const load = name === command ? `authsvc ${command}` : `authsvc ${command}, session in the keychain`;
  const id = `command-line/${name}`;
  return {
    rows: [{ id, load, party: parties.authsvc, unit: 'ms', against: 'command-line/bare-node' }],
    measure: async () => [await measureRun(runs, [authsvcFile, command], env)],
  };
}

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
