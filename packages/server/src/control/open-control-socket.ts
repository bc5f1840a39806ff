import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { lstat, unlink } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { refusalOfSystem } from '../make-data-folder.ts';
import { StartRefusedError } from '../start-refused-error.ts';
import { ControlSilentError, findDaemon } from './control-client.ts';

/** `sun_path` less its closing zero, in bytes; beyond it Node cuts the path and says nothing. @see unix(7) */
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

/**
 * Listens on the control socket, mode 0600. Call it only while the lock of the data folder is held: then a socket that is there already is a dead daemon's, and is replaced.
 *
 * @returns what stops listening and removes the socket, at once. Connections that watch the presence of the daemon stay open.
 * @throws {@link StartRefusedError} something else is in the way.
 */
export async function openControlSocket(server: FastifyInstance, path: string): Promise<() => void> {
  if (process.platform !== 'win32') await removeStaleSocket(path);
  try {
    await server.ready();
    // Not by Fastify, which would log a second address as if clients could use it.
    await once(server.server.listen({ path }), 'listening');
    if (process.platform !== 'win32') chmodSync(path, 0o600);
  } catch (cause) {
    throw refusalOfSystem(`the control socket ${path} cannot be made`, cause);
  }
  return () => {
    server.server.close();
    server.server.closeIdleConnections();
  };
}

async function removeStaleSocket(path: string): Promise<void> {
  // Not lstatSync or rmSync: Node 20 keeps the answer of the last synchronous lstat, and after a socket takes the next symbolic link, to a package loaded late, for a file.
  const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw refusalOfSystem(`the control socket ${path} cannot be looked at`, error);
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
    throw refusalOfSystem(`the control socket ${path} cannot be looked at`, error);
  }
}
