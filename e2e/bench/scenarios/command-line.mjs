import { authsvcFile, startAuthsvc } from '../parties/authsvc.mjs';
import { alternate } from '../rounds.mjs';
import { seedAuthsvc, seededToken } from '../seed.mjs';
import { bareNode, measureRun } from './run-times.mjs';
import { parties } from './scenario.mjs';

/** @type {import('./scenario.mjs').Scenario} */
export const commandLine = {
  name: 'command-line',
  title: 'The command line',
  run: async ({ folder, rounds, quick, passwordHash, start }) => {
    const runs = quick ? 2 : 5;
    await seedAuthsvc(folder, 1, passwordHash);
    const service = await start(startAuthsvc(folder));
    const env = { HOME: folder, AUTHSVC_URL: service.url, AUTHSVC_SESSION: seededToken(0) };
    const commands = ['--version', '--help', 'profile'].map((command) => ({
      rows: [
        {
          id: `command-line/${command}`,
          load: `authsvc ${command}`,
          party: parties.authsvc,
          unit: 'ms',
          against: 'command-line/bare-node',
        },
      ],
      measure: async () => [await measureRun(runs, [authsvcFile, command], env)],
    }));
    return alternate([bareNode('command-line/bare-node', runs), ...commands], rounds);
  },
};
