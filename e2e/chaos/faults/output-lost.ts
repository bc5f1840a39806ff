import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { startServing } from '../../support/daemon.ts';
import { send } from '../../support/http-client.mjs';
import { runInto } from '../../support/run-authsvc.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const FULL = '/dev/full';
const password = 'correct horse battery';

const commands = [
  ['users', 'export'],
  ['users', 'list'],
  ['users', 'list', '--json'],
  ['users', 'reset', 'user0@example.com'],
  ['audit'],
  ['daemon', 'status'],
  ['daemon', 'status', '--json'],
  ['completion', 'bash'],
  ['--help'],
  ['--version'],
];

export const outputLostRow: Row<'writes'> = {
  name: 'output-lost',
  fault: 'Output that cannot be written',
  dialects: ['sqlite'],
  sizes: { small: { writes: 4 }, full: { writes: 200 } },
  async run({ size, folder, onEnd }) {
    const failures: string[] = [];
    let answered = 0;
    let exits = 0;
    let refused = 0;
    for (const outputs of ['full', 'gone'] as const) {
      const output = outputs === 'full' ? openSync(FULL, 'w') : 'pipe';
      const settings = { AUTHSVC_DATA_DIR: join(folder, outputs) };
      const { child, env, url, stop } = await startServing(folder, ['ignore', output, output], { settings });
      if (typeof output === 'number') closeSync(output);
      onEnd(() => child.kill('SIGKILL'));
      child.stdout?.destroy();
      child.stderr?.destroy();
      for (let count = 0; count < size.writes; count += 1) {
        const json = { email: `user${count}@example.com`, password };
        const status = await send(url, 'POST /users', { json }).then(
          (reply) => reply.status,
          (error: Error) => error.message,
        );
        // A refusal by the limit per address is an answer, too.
        if (status === 200 || status === 429) answered += 1;
        else failures.push(`outputs ${outputs}: a registration was answered ${status}`);
      }
      if (outputs === 'full') {
        for (const args of commands) {
          const { exitCode, stderr } = await runInto(args, { home: folder, env, stdout: FULL });
          const isOneSentence = /^✗ .+ could not be written to standard output \(no space left on device\)$/m.test(
            stderr,
          );
          if (exitCode === 1 && isOneSentence) refused += 1;
          else failures.push(`${args.join(' ')}: exit ${exitCode}, ${JSON.stringify(stderr)}`);
        }
      }
      const end = await stop();
      if (end === 0) exits += 1;
      else failures.push(`outputs ${outputs}: it ended with ${end}`);
    }
    return judge(
      `had a service log to a full device and to readers that had gone, and ${commands.length} commands print to a full device`,
      2 * size.writes + commands.length,
      `${answered} of ${2 * size.writes} requests answered, ${exits} × exit 0 of the service; ${refused} × exit 1 of commands, with one sentence`,
      failures,
    );
  },
};
