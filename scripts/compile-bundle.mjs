import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.mjs';
import { StepError } from './step.mjs';

const credentials = ['--email', 'ada@example.com', '--password-stdin'];

/**
 * Let V8 compile the code that programs use when they start from a bundle: a daemon and a user's
 * session run once on temporary folders, and the compiled code stays beside the bundle, for this
 * version of Node.
 *
 * @param {string} bundle
 */
export async function compileBundle(bundle) {
  const home = mkdtempSync(join(tmpdir(), 'authsvc-compile-'));
  const server = await startAnswering();
  try {
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    const env = { HOME: home, AUTHSVC_STORAGE: 'file', AUTHSVC_URL: `http://127.0.0.1:${address.port}` };
    // The last run that loads a file decides what is kept of it, so the daemon goes first.
    await record(bundle, ['serve'], { HOME: home, AUTHSVC_LISTEN_PORT: '0' });
    await record(bundle, ['--help'], env);
    await record(bundle, ['login', ...credentials], env);
    await record(bundle, ['profile'], env);
  } finally {
    server.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

/**
 * @param {string} bundle
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function record(bundle, args, env) {
  const recorder = join(root, 'scripts', 'record-compiled.cjs');
  const child = spawn(process.execPath, [recorder, bundle, ...args], { env, stdio: 'pipe' });
  child.stdin.end('correct horse battery');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
      // One signal only: a second one would end the daemon at once.
      if (!child.killed && output.includes('authsvc listening on')) child.kill('SIGTERM');
    });
  }
  const [status] = await once(child, 'close');
  if (status !== 0) throw new StepError(`authsvc ${args[0]} of the bundle ended with ${status}`, output);
}

/** A server that answers login and profile as the service does. */
async function startAnswering() {
  const server = createServer((_, response) => {
    response.setHeader('Set-Cookie', 'session_id=made-up; Max-Age=60');
    response.end('{"email":"ada@example.com","message":"logged in"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
