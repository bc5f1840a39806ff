import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import { ControlSilentError } from '@authsvc/client';
import { findDaemon } from '@authsvc/client/control';
import { refusalOfSystem, StartRefusedError } from '@authsvc/client/folders';
import type { FastifyInstance } from 'fastify';

/** `sun_path` without its final zero, in bytes. Node truncates a longer path. @see unix(7) */
const LONGEST_PATH: Partial<Record<NodeJS.Platform, number>> = { linux: 107, android: 107 };
const LONGEST_BSD_PATH = 103;

/** @throws {@link StartRefusedError} the path is longer than the platform can bind. */
export function assertSocketPathFits(path: string, platform: NodeJS.Platform = process.platform): void {
  if (platform === 'win32') return;
  const longest = LONGEST_PATH[platform] ?? LONGEST_BSD_PATH;
  const length = Buffer.byteLength(path);
  if (length <= longest) return;
  throw new StartRefusedError(
    `the control socket ${path} has a path of ${length} bytes, and this system allows ${longest}; choose a shorter data folder with AUTHSVC_DATA_DIR`,
  );
}

/** How long a socket that was removed may stay away. */
const LOOK_AGAIN_MS = 1000;

/**
 * Listens on the control socket, mode 0600. Call it only while the lock of the data folder is held:
 * then a socket that is there already is a dead daemon's, and is replaced. One that is removed
 * later is made again.
 *
 * @returns a function that stops listening and removes the socket at once. Connections that watch
 * the daemon's presence stay open.
 * @throws {@link StartRefusedError} something else is in the way.
 */
export async function openControlSocket(
  server: FastifyInstance,
  path: string,
  lookAgainMs = LOOK_AGAIN_MS,
): Promise<() => void> {
  if (process.platform !== 'win32') await removeStaleSocket(path);
  try {
    await server.ready();
    await listen(server, path);
  } catch (cause) {
    throw refusalOfSystem(`the control socket ${path} cannot be made`, cause, path);
  }
  const stopLooking = process.platform === 'win32' ? () => undefined : keepSocket(server, path, lookAgainMs);
  return () => {
    stopLooking();
    server.server.close();
    server.server.closeIdleConnections();
  };
}

/** Without Fastify, which would log a second address as if clients could use it. */
async function listen({ server }: FastifyInstance, path: string): Promise<void> {
  await once(server.listen({ path }), 'listening');
  if (process.platform !== 'win32') chmodSync(path, 0o600);
}

/**
 * Makes the socket again if it was removed, such as by a clean-up of old files. Looks for it once a
 * second: a watch on the folder would wake at every write to the database.
 */
function keepSocket(server: FastifyInstance, path: string, lookAgainMs: number): () => void {
  let isOpen = true;
  let isLooking = false;
  let hasFailed = false;
  const look = async () => {
    // Anything else by that name is left alone.
    if (!(await isMissing(path)) || !isOpen) return;
    // A listener whose socket was removed cannot get a new one. Closing it ends no connection.
    server.server.close();
    await listen(server, path);
    hasFailed = false;
    server.log.warn({ event: 'control_socket_made_again' }, 'the control socket had been removed, and was made again');
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((err) => {
        if (!hasFailed) server.log.error({ err }, 'the control socket was removed, and cannot be made again yet');
        hasFailed = true;
      })
      .finally(() => {
        isLooking = false;
      });
  }, lookAgainMs).unref();
  return () => {
    isOpen = false;
    clearInterval(timer);
  };
}

async function isMissing(path: string): Promise<boolean> {
  return lstat(path).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENOENT',
  );
}

async function removeStaleSocket(path: string): Promise<void> {
  // Not lstatSync or rmSync: Node 20 reuses the result of its last synchronous lstat. If that was
  // of a socket, Node takes the next symlink that it resolves, of a package, for a plain file.
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refusalOfSystem(`the control socket ${path} cannot be looked at`, error, path);
  });
  if (!stats) return;
  if (!stats.isSocket()) throw new StartRefusedError(`${path} is in the way of the control socket; remove it`);
  if (await isServed(path)) throw new StartRefusedError(`another program listens on the control socket ${path}`);
  await unlink(path);
}

async function isServed(path: string): Promise<boolean> {
  try {
    return (await findDaemon(path)) !== undefined;
  } catch (error) {
    if (error instanceof ControlSilentError) return true;
    throw refusalOfSystem(`the control socket ${path} cannot be looked at`, error, path);
  }
}
