import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const PROGRAM = "import { runServe } from '@authsvc/server'; process.exitCode = await runServe();";

/** A daemon in a process of its own, from what was built. */
interface Daemon {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  /** The first line on stdout. */
  readonly line: Promise<string>;
  readonly stderr: Promise<string>;
  /** Exit status, or the signal that ended it. */
  readonly end: Promise<number | string>;
}

describe('runServe', () => {
  let folder: string;
  const daemons: Daemon[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'authsvc-server-'));
  });
  afterEach(async () => {
    for (const daemon of daemons.splice(0)) {
      daemon.process.kill('SIGKILL');
      await daemon.end;
    }
    await rm(folder, { recursive: true });
  });

  function serve(env: Record<string, string> = {}): Daemon {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
      cwd: new URL('..', import.meta.url),
      env: {
        HOME: folder,
        AUTHSVC_DATA_DIR: join(folder, 'data'),
        AUTHSVC_LISTEN_PORT: '0',
        AUTHSVC_BCRYPT_COST: '10',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const daemon = {
      process: child,
      line: once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
      stderr: text(child.stderr),
      end: once(child, 'close').then(([status, signal]) => status ?? signal),
    };
    daemons.push(daemon);
    return daemon;
  }

  const urlOf = async ({ line }: Daemon) => new URL((await line).replace('authsvc listening on ', ''));

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says where it listens in one line, and stops at %s with status 0',
    async (signal) => {
      const daemon = serve();
      expect(await daemon.line).toMatch(/^authsvc listening on http:\/\/127\.0\.0\.1:\d+$/);
      expect((await fetch(new URL('/health', await urlOf(daemon)))).status).toBe(200);
      daemon.process.kill(signal);
      expect(await daemon.end).toBe(0);
      const levels = (await daemon.stderr)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).level);
      expect(levels).toEqual(['info', 'warn', 'info']);
    },
  );

  it('ends at once at a second signal', async () => {
    const daemon = serve();
    const { port } = await urlOf(daemon);
    // A request that will never be whole keeps it from stopping.
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => socket.destroy());
    socket.write(
      'GET /health HTTP/1.1\r\nHost: x\r\n\r\nPOST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Type: application/json\r\n\r\n{',
    );
    await once(socket, 'data');
    daemon.process.kill('SIGTERM');
    await refusesConnections(Number(port));
    daemon.process.kill('SIGTERM');
    expect(await daemon.end).toBe('SIGTERM');
  });

  it('answers settings that are wrong with all of them, and status 2', async () => {
    const daemon = serve({ AUTHSVC_LISTEN_PORT: '-1', AUTHSVC_BCRYPT_COST: '4' });
    expect(await daemon.end).toBe(2);
    expect(await daemon.stderr).toBe(
      'authsvc: AUTHSVC_LISTEN_PORT must be a whole number from 0 to 65535, not "-1"\nauthsvc: AUTHSVC_BCRYPT_COST must be a whole number from 10 to 15, not "4"\n',
    );
  });

  it('says in one sentence why it does not start, with status 1', async () => {
    const first = serve();
    const url = String(await urlOf(first)).replace(/\/$/, '');
    const second = serve();
    expect(await second.end).toBe(1);
    const lines = (await second.stderr).trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(`authsvc: another authsvc (pid ${first.process.pid}, listening on ${url} since `);
  });

  it('starts again after a kill -9', async () => {
    const first = serve();
    await first.line;
    first.process.kill('SIGKILL');
    expect(await first.end).toBe('SIGKILL');
    expect(await serve().line).toMatch(/^authsvc listening on /);
  });
});

/** Resolves once nothing listens on a port of this machine. */
async function refusesConnections(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const refused = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(false)).once('error', () => resolve(true));
    });
    socket.destroy();
    if (refused) return;
  }
}
