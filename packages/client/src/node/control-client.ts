import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonBody, DaemonStoppingBody } from '../contract/daemon.ts';
import { ControlSilentError, isConnectionReset } from '../errors.ts';

const ANSWER_MS = 5000;
/** `EINVAL`: a path too long for any socket; before version 24, Node truncated it instead. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL'];
/** How long a killed daemon may hold its socket: until its last thread has ended. */
const LONGEST_END_MS = 2000;
const RETRY_MS = 20;
const FORBIDDEN = ['EACCES', 'EPERM'];

export interface ControlRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly answerMs?: number;
}

/**
 * Send one request to the daemon behind a control socket.
 *
 * @returns `undefined` when no daemon listens there
 * @throws {@link ControlSilentError} no valid response in time
 * @throws the system's error where the socket may not be opened (`EACCES`: another user's)
 */
export async function askControl(
  socket: string,
  { method, path, body, answerMs = ANSWER_MS }: ControlRequest,
): Promise<{ readonly status: number; readonly body: unknown } | undefined> {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const headers = text ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) } : {};
  const { outgoing, response } = openControl(socket, { method, path, headers });
  const timer = setTimeout(() => outgoing.destroy(new ControlSilentError('no answer in time')), answerMs);
  outgoing.end(text);
  try {
    const incoming = await response;
    return { status: incoming.statusCode ?? 0, body: await json(incoming) };
  } catch (error) {
    return absentOrThrow(error);
  } finally {
    clearTimeout(timer);
    outgoing.destroy();
  }
}

/**
 * Ask which daemon runs on a data folder.
 *
 * Retries where the connection breaks off, which is how a killed daemon ends.
 *
 * @throws as {@link askControl}
 */
export async function findDaemon(socket: string): Promise<DaemonBody | undefined> {
  const giveUpAt = performance.now() + LONGEST_END_MS;
  for (;;) {
    try {
      return await askForBody<DaemonBody>(socket, { method: 'GET', path: '/daemon' });
    } catch (error) {
      if (!isConnectionReset(error) || performance.now() > giveUpAt) throw error;
      await pause(RETRY_MS);
    }
  }
}

/**
 * Hold a connection to the daemon that ends when its process does. No pid has to be trusted.
 *
 * @returns `ended` resolves when the process has ended, however it did; `release` stops watching.
 * `undefined` when no daemon listens there.
 */
export async function watchDaemon(socket: string) {
  const { outgoing, response } = openControl(socket, { path: '/daemon/presence' });
  const timer = setTimeout(() => outgoing.destroy(new ControlSilentError('no answer in time')), ANSWER_MS);
  outgoing.end();
  try {
    const incoming = await response;
    const ended = new Promise<void>((resolve) => incoming.once('close', resolve));
    // That the connection breaks off is expected: it means that the daemon has ended.
    incoming.on('error', () => undefined).resume();
    return { ended, release: () => outgoing.destroy() };
  } catch (error) {
    return absentOrThrow(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Ask a daemon to stop; resolves before it has stopped. */
export async function requestStop(socket: string): Promise<DaemonStoppingBody | undefined> {
  return await askForBody(socket, { method: 'POST', path: '/daemon/stop' });
}

async function askForBody<Body>(socket: string, request: ControlRequest): Promise<Body | undefined> {
  const reply = await askControl(socket, request);
  if (reply && reply.status !== 200) throw new ControlSilentError(`answered with status ${reply.status}`);
  return reply?.body as Body | undefined;
}

/** Whether an error says that no daemon listens on a socket. */
export function isDaemonAbsent(error: unknown): boolean {
  return ABSENT.includes((error as NodeJS.ErrnoException).code ?? '');
}

function absentOrThrow(error: unknown): undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (isDaemonAbsent(error)) return undefined;
  if (error instanceof ControlSilentError || FORBIDDEN.includes(code)) throw error;
  // It ended while it was asked, or is no daemon of ours.
  throw new ControlSilentError('no proper answer', { cause: error });
}

/** Open a request over a control socket, on a connection of its own; the caller sends the body. */
export function openControl(socket: string, options: Pick<RequestOptions, 'method' | 'path' | 'headers'>) {
  const outgoing = request({ ...options, socketPath: socket, agent: false });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).on('error', reject);
  });
  return { outgoing, response };
}
