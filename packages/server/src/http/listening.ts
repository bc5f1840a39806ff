import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { StartRefusedError } from '@authsvc/client/folders';

const LISTENING = '0A';
const ANSWER_MS = 1000;

/**
 * Finds the process that listens on a TCP port of this machine, with the name of its program. Works
 * on Linux, for processes that this user may inspect.
 *
 * @see proc_net(5), proc_pid_fd(5)
 */
export function findPortHolder(port: number): { pid: number; name: string } | undefined {
  const sockets = new Set(['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) => listeningSockets(table, port)));
  if (sockets.size === 0) return undefined;
  for (const entry of entriesOf('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const holds = entriesOf(`/proc/${entry}/fd`).some((fd) => sockets.has(linkOf(`/proc/${entry}/fd/${fd}`)));
    if (holds) return { pid: Number(entry), name: textOf(`/proc/${entry}/comm`).trim() };
  }
  return undefined;
}

/** The sockets as `/proc/<pid>/fd` names them: `socket:[12345]`. */
function listeningSockets(table: string, port: number): string[] {
  const lines = textOf(table).split('\n').slice(1);
  return lines.flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const isIt = state === LISTENING && Number.parseInt(local.split(':')[1] ?? '', 16) === port;
    return isIt ? [`socket:[${inode}]`] : [];
  });
}

// Other users' processes are closed to us, and any process may end while it is looked at.
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Says in words who listens on a taken port, as far as that can be known. */
export async function describePortHolder(url: string, port: number): Promise<string> {
  const holder = findPortHolder(port);
  const name = (await isAuthsvc(url)) ? 'another authsvc' : (holder?.name ?? 'another program');
  return holder ? `${name} (pid ${holder.pid})` : name;
}

async function isAuthsvc(url: string): Promise<boolean> {
  try {
    const reply = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS), redirect: 'manual' });
    const body = (await reply.json()) as { name?: unknown };
    return body.name === 'authsvc';
  } catch {
    return false;
  }
}

/**
 * The refusal for an address that cannot be listened on: who holds it, or what is wrong with it.
 */
export async function refusalOfListening(host: string, port: number, cause: unknown): Promise<StartRefusedError> {
  const { code, message } = cause as NodeJS.ErrnoException;
  const holder = code === 'EADDRINUSE' && (await describePortHolder(urlOf(host, port), port));
  const reasons: Record<string, string> = {
    EADDRINUSE: `${holder} listens there; choose another port with AUTHSVC_LISTEN_PORT`,
    EADDRNOTAVAIL: 'this machine does not have that address',
    EACCES: 'ports below 1024 need more rights than this user has',
  };
  return new StartRefusedError(`cannot listen on ${urlOf(host, port)}: ${reasons[code ?? ''] ?? message}`, { cause });
}

export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
