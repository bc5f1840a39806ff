import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, onTestFinished } from 'vitest';
import { expectEnd, it } from '../support/journey.ts';
import { runAuthsvc, runInto } from '../support/run-authsvc.ts';

const hash = '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy';
const lineOf = (name: string) => `${JSON.stringify({ email: `${name}@example.com`, password_hash: hash })}\n`;

/** A daemon that begins an answer and is then lost, as one that is killed. */
async function loseDaemon(home: string, answer: (reply: ServerResponse) => void) {
  const folder = await mkdtemp(join(home, 'd-'));
  const server = createServer((request, reply) => {
    request.resume();
    answer(reply);
  });
  await new Promise<void>((resolve) => server.listen(join(folder, 'control.sock'), resolve));
  onTestFinished(() => {
    server.close();
  });
  return { AUTHSVC_DATA_DIR: folder };
}

const beginWith = (text: string) => (reply: ServerResponse) => {
  reply.writeHead(200, { 'content-type': 'application/x-ndjson' });
  reply.write(text, () => setImmediate(() => reply.destroy()));
};

describe('a daemon that is lost in the middle', () => {
  it('of an export: 3, and what is there does not look whole', async ({ home }) => {
    const env = await loseDaemon(home, beginWith(`${lineOf('ada')}{"email":"gra`));
    const file = join(home, 'users.jsonl');
    const { exitCode, stderr } = await runInto(['users', 'export'], { home, env, stdout: file });
    expectEnd({ exitCode, stderr }, 3, [
      `✗ The daemon of ${env.AUTHSVC_DATA_DIR} was lost in the middle of its answer`,
      '  The export is incomplete. Export again once the daemon runs.',
      '  See why: authsvc daemon logs',
    ]);
    const [first, last, ...rest] = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect([`${first}\n`, JSON.parse(last ?? '').error.code, rest]).toEqual([lineOf('ada'), 'daemon_lost', []]);
  });

  it('of an import: 3, and that what is in is in', async ({ home }) => {
    const env = await loseDaemon(home, beginWith('{"done":1}\n'));
    await writeFile(join(home, 'users.jsonl'), lineOf('ada'));
    const { exitCode, stderr } = await runAuthsvc(['users', 'import', join(home, 'users.jsonl')], { home, env });
    expectEnd({ exitCode, stderr }, 3, [
      `✗ The daemon of ${env.AUTHSVC_DATA_DIR} was lost in the middle of its answer`,
      '  The accounts imported so far stay. Once the daemon runs again, import the same file: existing accounts are skipped.',
      '  See why: authsvc daemon logs',
    ]);
  });

  it('of an import, where its answer ends without a word of what became of it', async ({ home }) => {
    const env = await loseDaemon(home, (reply) => {
      reply.writeHead(200, { 'content-type': 'application/x-ndjson' });
      reply.end('{"done":1}\n');
    });
    await writeFile(join(home, 'users.jsonl'), lineOf('ada'));
    const { exitCode, stdout } = await runAuthsvc(['users', 'import', join(home, 'users.jsonl'), '--json'], {
      home,
      env,
    });
    expect([exitCode, JSON.parse(stdout).error.code]).toEqual([3, 'daemon_lost']);
  });

  it.for([['users', 'list'], ['users', 'show', 'a@b.c'], ['users', 'reset', 'a@b.c'], ['audit'], ['backup', 'b.db']])(
    'of the answer to %j: 3, and where to look',
    async (args, { home }) => {
      const env = await loseDaemon(home, (reply) => reply.socket?.destroy());
      const { exitCode, stdout } = await runAuthsvc([...args, '--json'], { home, env });
      expect([exitCode, JSON.parse(stdout)]).toEqual([
        3,
        {
          error: {
            code: 'daemon_lost',
            message: `The daemon of ${env.AUTHSVC_DATA_DIR} was lost in the middle of its answer. The request may or may not have taken effect.`,
          },
        },
      ]);
    },
  );

  it('of a real import, killed at a random moment', async ({ machine, home }) => {
    const { pid } = await machine.start();
    await mkdir(join(home, 'files'));
    const file = join(home, 'files', 'users.jsonl');
    await writeFile(file, Array.from({ length: 60_000 }, (_, number) => lineOf(`user${number}`)).join(''));
    const importing = machine.authsvc(['users', 'import', file, '--json']);
    await expect
      .poll(async () => (await machine.authsvc(['users', 'list', '--json'])).stdout, { timeout: 30_000 })
      .toContain('user');
    process.kill(pid, 'SIGKILL');
    const { exitCode, stdout } = await importing;
    expect([exitCode, JSON.parse(stdout).error?.code]).toEqual([3, 'daemon_lost']);
  });
});
