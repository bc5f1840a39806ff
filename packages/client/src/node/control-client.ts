import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { DaemonBody, DaemonStoppingBody } from '../contract/daemon.ts';

const ANSWER_MS = 5000;
/** `EINVAL` is a path too long for any socket, which Node cut until version 24. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL'];
const BROKEN_OFF = ['ECONNRESET', 'EPIPE'];
/** How long a killed daemon may hold its socket: until its last thread has ended. */
const LONGEST_END_MS = 2000;
const RETRY_MS = 20;
const FORBIDDEN = ['EACCES', 'EPERM'];

/** The control socket is held, but no daemon answers: it hangs, or it is another program. */
export class ControlSilentError extends Error {
  override readonly name = 'ControlSilentError';
}

export interface ControlRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
}

export interface ControlReply {
  readonly status: number;
  readonly body: unknown;
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
  { method, path, body }: ControlRequest,
  answerMs = ANSWER_MS,
): Promise<ControlReply | undefined> {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const headers = json ? { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) } : {};
  const outgoing = request({ socketPath: socket, method, path, headers, agent: false });
  const timer = setTimeout(() => outgoing.destroy(new ControlSilentError('no answer in time')), answerMs);
  try {
    const incoming = await responseOf(outgoing, json);
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    return { status: incoming.statusCode ?? 0, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
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
  let reply: ControlReply | undefined;
  for (;;) {
    try {
      reply = await askControl(socket, { method: 'GET', path: '/daemon' });
      break;
    } catch (error) {
      if (!hasBrokenOff(error) || performance.now() > giveUpAt) throw error;
      await pause(RETRY_MS);
    }
  }
  if (reply && reply.status !== 200) throw new ControlSilentError(`answered with status ${reply.status}`);
  return reply?.body as DaemonBody | undefined;
}

/** A daemon, watched from outside. */
export interface DaemonPresence {
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<void>;
  /** Stops watching. */
  release(): void;
}

/**
 * Hold a connection to the daemon that ends when its process does. No pid has to be trusted.
 *
 * @returns `undefined` when no daemon listens there.
 */
export async function watchDaemon(socket: string): Promise<DaemonPresence | undefined> {
  const outgoing = request({ socketPath: socket, path: '/daemon/presence', agent: false });
  const timer = setTimeout(() => outgoing.destroy(new ControlSilentError('no answer in time')), ANSWER_MS);
  try {
    const incoming = await responseOf(outgoing);
    const ended = new Promise<void>((resolve) => incoming.once('close', resolve));
    // The connection breaks off, as it must.
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
  const reply = await askControl(socket, { method: 'POST', path: '/daemon/stop' });
  if (reply && reply.status !== 200) throw new ControlSilentError(`answered with status ${reply.status}`);
  return reply?.body as DaemonStoppingBody | undefined;
}

function hasBrokenOff(error: unknown): boolean {
  if (!(error instanceof ControlSilentError)) return false;
  return BROKEN_OFF.includes((error.cause as NodeJS.ErrnoException | undefined)?.code ?? '');
}

function absentOrThrow(error: unknown): undefined {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (ABSENT.includes(code)) return undefined;
  if (error instanceof ControlSilentError || FORBIDDEN.includes(code)) throw error;
  // It ended while it was asked, or is no daemon of ours.
  throw new ControlSilentError('no proper answer', { cause: error });
}

function responseOf(outgoing: ClientRequest, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve).on('error', reject).end(body);
  });
}
