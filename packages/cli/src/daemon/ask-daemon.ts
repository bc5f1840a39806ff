import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { json } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { ApiRefusal, isConnectionReset } from '@authsvc/client';
import type { ControlRequest } from '@authsvc/client/control';
import type { Context } from '../context.ts';
import { CliError } from '../errors.ts';
import { exitStatus } from '../exit-status.ts';
import {
  daemonLost,
  describeControlFailure,
  type LocalDaemonPlace,
  locateDaemon,
  waitForSocket,
} from './local-daemon.ts';
import { startCommand } from './system-service.ts';

const ANSWER_MS = 10_000;

/**
 * Send a request to this user's daemon over its control socket.
 *
 * @throws {@link CliError} `daemon_unreachable`: none runs. {@link ApiRefusal}: it refused.
 */
export async function askDaemon<Answer>(context: Context, request: ControlRequest): Promise<Answer> {
  const { askControl } = await import('@authsvc/client/control');
  const place = locateDaemon(context);
  await waitForSocket(place);
  const reply = await askControl(place.socket, { answerMs: ANSWER_MS, ...request }).catch((error: unknown) => {
    throw describeControlFailure(error, place);
  });
  if (!reply) throw notRunning(context, place);
  if (reply.status !== 200) throw refusal(reply.status, reply.body);
  return reply.body as Answer;
}

/** No daemon runs on the data folder. */
function notRunning(context: Context, { dataFolder }: LocalDaemonPlace): CliError {
  return new CliError({
    status: exitStatus.unreachable,
    code: 'daemon_unreachable',
    what: `No daemon runs on ${dataFolder}`,
    why: 'This command needs the daemon on this machine.',
    next: { say: 'Start it', command: startCommand(context, dataFolder) },
  });
}

/** What the daemon answered, other than 200. */
export function refusal(statusCode: number, body: unknown): ApiRefusal {
  const { code = 'internal', message = `the daemon answered ${statusCode}` } = (body ?? {}) as {
    code?: string;
    message?: string;
  };
  return new ApiRefusal({ code, message, statusCode });
}

/** A path with a query of the values that are defined. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known)}`;
}

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
  const { isDaemonAbsent, openControl } = await import('@authsvc/client/control');
  const place = locateDaemon(context);
  await waitForSocket(place);
  const headers = { 'content-type': 'application/x-ndjson' };
  const { outgoing, response } = openControl(place.socket, { method, path, ...(input && { headers }) });
  const sending = input ? pipeline(input, outgoing) : Promise.resolve(outgoing.end());
  let sendFailure: unknown;
  let hasBegun = false;
  sending.catch((error: unknown) => {
    sendFailure = error;
    outgoing.destroy(error as Error);
  });
  try {
    const incoming = await response;
    if (incoming.statusCode !== 200) throw refusal(incoming.statusCode ?? 0, await json(incoming));
    hasBegun = true;
    const lines = createInterface({ input: incoming });
    // From Node 24 on it emits the error of a response that is not read to its end.
    lines.on('error', () => undefined);
    for await (const line of lines) yield JSON.parse(line) as Line;
    if (!incoming.complete) throw daemonLost(place, ifLost);
  } catch (error) {
    if (sendFailure !== undefined && !isConnectionError(sendFailure)) throw sendFailure;
    if (isDaemonAbsent(error)) throw notRunning(context, place);
    // The last line is incomplete when the connection is lost.
    const isLost = hasBegun ? isConnectionError(error) || error instanceof SyntaxError : isConnectionReset(error);
    if (isLost) throw daemonLost(place, ifLost, error);
    throw describeControlFailure(error, place);
  } finally {
    outgoing.destroy();
    input?.destroy();
  }
}

function isConnectionError(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return /^(ENOENT|E?CONN|EPIPE|ERR_STREAM)/.test(code) && (error as NodeJS.ErrnoException).syscall !== 'open';
}
