import { ApiRefusal, type Transport, UnexpectedAnswerError, UnreachableError, unreachable } from '@authsvc/client';
import { exchange } from '@authsvc/client/node';
import { shell } from '@authsvc/client/shell-command';
import type { Context } from '../context.ts';
import { CliError, type NextStep, upperFirst } from '../errors.ts';
import { exitStatus, exitStatusOfRefusal } from '../exit-status.ts';
import { isLoopback, START_COMMAND } from './server-url.ts';

/** The error of a command that the service refused. */
export function describeRefusal(refusal: ApiRefusal, next?: NextStep): CliError {
  return new CliError({
    status: exitStatusOfRefusal(refusal.code),
    code: refusal.code,
    what: sentenceOf(refusal),
    next,
    cause: refusal,
  });
}

/** The same error, with a next step if it is the refusal with this code. */
export function withNextStep(error: unknown, code: string, next: NextStep): unknown {
  return error instanceof ApiRefusal && error.code === code ? describeRefusal(error, next) : error;
}

/** One sentence, without a full stop. */
function sentenceOf({ code, message, retryAfterSeconds }: ApiRefusal): string {
  const wait = retryAfterSeconds === undefined ? 'shortly' : `in ${retryAfterSeconds} s`;
  if (code === 'rate_limited') return `Too many attempts; try again ${wait}`;
  if (code === 'overloaded') return `authsvc has too much to do; try again ${wait}`;
  if (code === 'database_unavailable') return `authsvc's database does not answer; try again ${wait}`;
  return upperFirst(message);
}

/**
 * Make the function that sends one request.
 *
 * It throws {@link CliError} `daemon_unreachable` when there was no response.
 */
export function createTransport(context: Pick<Context, 'env' | 'platform'>): Transport {
  return async (request, limits) => {
    try {
      return await exchange(request, limits);
    } catch (error) {
      throw error instanceof UnreachableError ? await describeUnreachable(error, context) : error;
    }
  };
}

/** The error of a command for what the service answered; `undefined` for any other failure. */
export function toServiceError(error: unknown): CliError | undefined {
  if (error instanceof ApiRefusal) return describeRefusal(error);
  if (!(error instanceof UnexpectedAnswerError)) return undefined;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'unexpected_response',
    what: `${error.server} does not answer as authsvc does`,
    why: `It ${error.did}.`,
    next: checkAddress,
    cause: error,
  });
}

const checkAddress: NextStep = { say: 'Check the address: --url, or AUTHSVC_URL' };

/** Why there was no response, and what to do: start the daemon only if nothing listens at all. */
async function describeUnreachable(
  error: UnreachableError,
  context: Pick<Context, 'env' | 'platform'>,
): Promise<CliError> {
  const { reason, url } = error;
  const { origin, protocol, host } = url;
  const end = (why: string, next: NextStep) =>
    new CliError({
      status: exitStatus.unreachable,
      code: 'daemon_unreachable',
      what: `Can't reach authsvc at ${origin} (${why})`,
      next,
      cause: error,
    });
  if (reason === unreachable.noTls) {
    return end(reason, isLoopback(origin) ? { say: `Use http://${host}` } : checkAddress);
  }
  const mayBeTls = protocol === 'http:' && (reason === unreachable.closed || reason === unreachable.noHttp);
  if (mayBeTls && (await speaksTls(url))) {
    return end('it speaks TLS there', { say: `Use https://${host}` });
  }
  if (!isLoopback(origin) || reason === unreachable.noHttp) return end(reason, checkAddress);
  if (reason === unreachable.refused) {
    const elsewhere = await findOwnDaemonUrl(context);
    if (elsewhere === undefined) return end(reason, { say: 'Start it', command: START_COMMAND });
    return end(reason, { say: `Your daemon runs at ${elsewhere}: add --url ${elsewhere}` });
  }
  return end(reason, { say: 'See what is wrong', command: shell`authsvc doctor` });
}

/** Where the daemon of this user's data folder listens, if one runs. */
async function findOwnDaemonUrl(context: Pick<Context, 'env' | 'platform'>): Promise<string | undefined> {
  // Loaded here, since a command that succeeds never needs it.
  const { findLocalDaemon, locateDaemon } = await import('../daemon/local-daemon.ts');
  const daemon = await findLocalDaemon(locateDaemon(context)).catch(() => undefined);
  return daemon?.state === 'running' ? daemon.url : undefined;
}

const LONGEST_HANDSHAKE_MS = 2000;

/** Whether a port answers a TLS handshake, with any certificate. */
async function speaksTls({ hostname, port }: URL): Promise<boolean> {
  // Loaded here, since a command that succeeds never needs it.
  const { connect } = await import('node:tls');
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false });
  return await new Promise((resolve) => {
    const settle = (speaks: boolean) => {
      socket.destroy();
      resolve(speaks);
    };
    socket.setTimeout(LONGEST_HANDSHAKE_MS, () => settle(false));
    socket.once('secureConnect', () => settle(true)).once('error', () => settle(false));
  });
}
