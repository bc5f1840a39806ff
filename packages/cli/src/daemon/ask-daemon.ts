import { type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiRefusal } from '@authsvc/client';
import { START_COMMAND } from '../connection/server-url.ts';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import {
  daemonLost,
  describeControlFailure,
  isConnectionReset,
  type LocalDaemonPlace,
  locateDaemon,
  waitForSocket,
} from './local-daemon.ts';

interface OperatorRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take, milliseconds; 10 s by default. */
  readonly answerMs?: number;
}

const ANSWER_MS = 10_000;

/**
 * Send a request to this user's daemon over its control socket.
 *
 * @throws {@link CliError} `daemon_unreachable`: none runs. {@link ApiRefusal}: it refused.
 */
export async function askDaemon<Answer>(context: Context, request: OperatorRequest): Promise<Answer> {
  const { askControl } = await import('@authsvc/client/control');
  const place = locateDaemon(context);
  await waitForSocket(place);
  const reply = await askControl(place.socket, request, request.answerMs ?? ANSWER_MS).catch((error: unknown) => {
    throw describeControlFailure(error, place);
  });
  if (!reply) throw notRunning(place);
  if (reply.status !== 200) throw refusal(reply.status, reply.body);
  return reply.body as Answer;
}

/** No daemon runs on the data folder. */
function notRunning({ dataFolder }: LocalDaemonPlace): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_unreachable',
    what: `No daemon runs on ${dataFolder}`,
    why: 'An operator speaks to the daemon itself.',
    next: { say: 'Start it', command: START_COMMAND },
  });
}

/** What the daemon answered, other than 200. */
export function refusal(httpStatus: number, body: unknown): ApiRefusal {
  const { code = 'internal', message = `the daemon answered ${httpStatus}` } = (body ?? {}) as {
    code?: string;
    message?: string;
  };
  return new ApiRefusal({ code, message, httpStatus });
}

/** A path with a query of the values that are defined. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known)}`;
}

/** Nothing listens; `EINVAL` is a path too long for any socket. */
const ABSENT = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED', 'ENOTSOCK', 'EINVAL'];

interface LineExchange {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly input?: Readable;
  /** What it means, and what to do, if the connection is lost: whole sentences. */
  readonly ifLost: string;
}

/**
 * Stream lines of JSON to the daemon and yield those of its answer as they come, so that neither
 * side ever holds all of them.
 *
 * @throws what {@link askDaemon} throws.
 */
export async function* streamLines<Line>(
  context: Context,
  { method, path, input, ifLost }: LineExchange,
): AsyncGenerator<Line> {
  const place = locateDaemon(context);
  await waitForSocket(place);
  const headers = { 'content-type': 'application/x-ndjson' };
  const outgoing = request({ socketPath: place.socket, method, path, agent: false, ...(input && { headers }) });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once('response', resolve).once('error', reject);
  });
  const sending = input ? pipeline(input, outgoing) : Promise.resolve(outgoing.end());
  let sendFailure: unknown;
  let hasBegun = false;
  sending.catch((error: unknown) => {
    sendFailure = error;
    outgoing.destroy(error as Error);
  });
  try {
    const incoming = await answered;
    if (incoming.statusCode !== 200) {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      throw refusal(incoming.statusCode ?? 0, JSON.parse(Buffer.concat(chunks).toString('utf8')));
    }
    hasBegun = true;
    for await (const line of createInterface({ input: incoming })) {
      const value = parseLine<Line>(line);
      // The last line is incomplete when the connection is lost.
      if (value === undefined) throw daemonLost(place, ifLost);
      yield value;
    }
    if (!incoming.complete) throw daemonLost(place, ifLost);
  } catch (error) {
    if (sendFailure !== undefined && !isConnectionError(sendFailure)) throw sendFailure;
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined && ABSENT.includes(code)) throw notRunning(place);
    if (hasBegun ? isConnectionError(error) : isConnectionReset(error)) throw daemonLost(place, ifLost, error);
    throw describeControlFailure(error, place);
  } finally {
    outgoing.destroy();
    input?.destroy();
  }
}

function parseLine<Line>(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

function isConnectionError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^(ENOENT|E?CONN|EPIPE|ERR_STREAM)/.test(code) && (error as NodeJS.ErrnoException).syscall !== 'open';
}
