import { type HttpLimits, type HttpReply, LONGEST_BODY, type Transport } from './call.ts';
import { UnreachableError, unreachable } from './errors.ts';

const DEFAULT_LIMITS: HttpLimits = { totalMs: 30_000 };
/** Frameworks that wrap `fetch` would otherwise keep the answer; Node's own keeps none. */
const UNCACHED = { cache: 'no-store', redirect: 'manual' } as const;

/**
 * Make a transport over `fetch`: an exchange ends within its time limit, is never cached, and
 * follows no redirect.
 *
 * A GET without a response is sent once more: the server may close an idle connection just as a
 * request is sent on it.
 *
 * @param fetchFunction by default the global `fetch`, as it is when a request is sent
 */
export function fetchTransport(fetchFunction: typeof fetch = (...request) => fetch(...request)): Transport {
  return async ({ method, url, headers, body }, { totalMs } = DEFAULT_LIMITS) => {
    const controller = new AbortController();
    const { signal } = controller;
    const timer = setTimeout(() => controller.abort(), totalMs);
    const init = { method, headers: { ...headers }, signal, ...(body !== undefined && { body }), ...UNCACHED };
    const sendOnce = () => fetchFunction(url, init);
    try {
      const response = await sendOnce().catch((error: unknown) => {
        if (method !== 'GET' || signal.aborted) throw error;
        return sendOnce();
      });
      return { status: response.status, headers: headersOf(response), body: await readText(response) };
    } catch (error) {
      const reason = signal.aborted ? 'no answer in time' : reasonOf(error);
      // The rest of the response is not wanted.
      controller.abort();
      throw new UnreachableError(reason, { url, cause: error });
    } finally {
      clearTimeout(timer);
    }
  };
}

function headersOf({ headers }: Response): HttpReply['headers'] {
  return { ...Object.fromEntries(headers), 'set-cookie': headers.getSetCookie() };
}

async function readText({ body }: Response): Promise<string> {
  if (body === null) return '';
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = '';
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > LONGEST_BODY) throw new Error('the answer is too long');
    text += decoder.decode(value, { stream: true });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: unreachable.refused,
  ECONNRESET: unreachable.closed,
  UND_ERR_SOCKET: unreachable.closed,
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
};

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error & {
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  const code = cause?.code ?? '';
  return reasons[code] ?? (code || cause?.message || message);
}
