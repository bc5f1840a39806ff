import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { send } from '../../support/http-client.mjs';
import { authsvcFile, cleanEnvironment } from '../../support/program.ts';
import { runAuthsvc, runInto } from '../../support/run-authsvc.ts';
import type { Row } from '../row.ts';
import { judge } from '../run-row.ts';

const FULL = '/dev/full';
const password = 'correct horse battery';

/** What stands behind the two outputs of a service. */
type Outputs = 'full' | 'gone';

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
      const env = { AUTHSVC_DATA_DIR: join(folder, outputs), AUTHSVC_LISTEN_PORT: '0', AUTHSVC_BCRYPT_COST: '10' };
      const child = serve(outputs, cleanEnvironment(folder, env));
      onEnd(() => child.kill('SIGKILL'));
      const ended = once(child, 'exit');
      const { stdout } = await runAuthsvc(['daemon', 'wait', '--json'], { home: folder, env });
      const { url } = JSON.parse(stdout) as { url: string };
      child.stdout?.destroy();
      child.stderr?.destroy();
      for (let count = 0; count < size.writes; count += 1) {
        const json = { email: `user${count}@example.com`, password };
        const status = await send(url, 'POST /users', { json }).then(
          (reply) => reply.status,
          (error: Error) => error.message,
        );
        // The limit by address is an answer like any other.
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
      child.kill();
      const [code, signal] = await ended;
      if (code === 0) exits += 1;
      else failures.push(`outputs ${outputs}: it ended with ${code ?? signal}`);
    }
    return judge(
      `had a service log to a full device and to readers that had gone, and ${commands.length} commands print to a full device`,
      2 * size.writes + commands.length,
      `${answered} of ${2 * size.writes} requests answered, ${exits} × exit 0 of the service; ${refused} × exit 1 of commands, with one sentence`,
      failures,
    );
  },
};

function serve(outputs: Outputs, env: NodeJS.ProcessEnv): ChildProcess {
  if (outputs === 'gone')
    return spawn(process.execPath, [authsvcFile, 'serve'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const full = openSync(FULL, 'w');
  try {
    return spawn(process.execPath, [authsvcFile, 'serve'], { env, stdio: ['ignore', full, full] });
  } finally {
    closeSync(full);
  }
}
