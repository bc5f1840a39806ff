import { ApiRefusal } from '@authsvc/client';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { describeControlFailure, type LocalDaemonPlace, locateDaemon, waitForSocket } from '../daemon/local-daemon.ts';
import { exitStatus } from '../exit-status.ts';
import { START_COMMAND } from '../server-url.ts';

export interface OperatorRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take, milliseconds; 10 s by default. */
  readonly answerMs?: number;
}

const ANSWER_MS = 10_000;

/**
 * Asks the daemon of this user, over its control socket, as its operator.
 *
 * @throws {@link CliError} `daemon_unreachable`: none runs. {@link ApiRefusal}: it said no.
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
export function notRunning({ dataFolder }: LocalDaemonPlace): CliError {
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

/** A path with a query of what is known. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const known = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return known.length === 0 ? path : `${path}?${new URLSearchParams(known)}`;
}
