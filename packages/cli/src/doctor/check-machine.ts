import { existsSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { shell } from '@authsvc/client/shell-command';
import { type Finding, ok, problem, warning } from './finding.ts';

/**
 * Compare a version of Node.js with the one that the package requires.
 *
 * @param required as in package.json: `>=20.19`.
 */
export function checkNode(running: string, required: string): Finding {
  const [major = 0, minor = 0] = numbersIn(running);
  const [leastMajor = 0, leastMinor = 0] = numbersIn(required);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok(running);
  return problem(`${running} is too old: authsvc needs ${leastMajor}.${leastMinor} or newer`, {
    say: 'Install a newer one from https://nodejs.org/en/download',
  });
}

function numbersIn(text: string): number[] {
  return (text.match(/\d+/g) ?? []).map(Number);
}

/** Allows for the network, and for a header in whole seconds. */
const TOLERATED_SECONDS = 5;

/**
 * Compare this machine's clock with a daemon's.
 *
 * @param date the `Date` header of its response.
 * @param askedAt and `answeredAt`, by this clock, milliseconds since 1970.
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.date (whole seconds)
 */
export function checkClock(date: string | undefined, askedAt: number, answeredAt: number): Finding {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return warning('the daemon does not say what time it is');
  const seconds = Math.round((theirs + 500 - (askedAt + answeredAt) / 2) / 1000);
  if (Math.abs(seconds) <= TOLERATED_SECONDS) return ok('in step with the daemon');
  const direction = seconds > 0 ? 'behind' : 'ahead of';
  return warning(`${describeSeconds(Math.abs(seconds))} ${direction} the daemon: expiries are shown wrong`, {
    say: 'Synchronise both clocks',
    command: shell`timedatectl set-ntp true`,
  });
}

function describeSeconds(seconds: number): string {
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

const MEGABYTE = 1_000_000;
/** A write-ahead log, a backup and six log files still fit. */
const COMFORTABLE_BYTES = 1000 * MEGABYTE;
/** With less, the next burst of logins may fill the disk. */
const LEAST_BYTES = 100 * MEGABYTE;

/** Measure the free space on a folder's disk, whether or not the folder exists yet. */
export function checkDisk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existingPart(folder));
  return judgeRoom(bavail * bsize);
}

export function judgeRoom(bytes: number): Finding {
  const room = `${describeBytes(bytes)} free where the data lies`;
  const remedy = { say: 'Make room, or move the data with AUTHSVC_DATA_DIR' };
  if (bytes >= COMFORTABLE_BYTES) return ok(room);
  return bytes >= LEAST_BYTES ? warning(room, remedy) : problem(room, remedy);
}

function existingPart(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingPart(dirname(path));
}

/** `1.2 GB`, or whole megabytes. */
export function describeBytes(bytes: number): string {
  if (bytes >= 1000 * MEGABYTE) return `${(bytes / MEGABYTE / 1000).toFixed(1)} GB`;
  return bytes >= MEGABYTE ? `${Math.floor(bytes / MEGABYTE)} MB` : 'less than 1 MB';
}

/** Try to listen where a daemon would, and report what holds the port if that fails. */
export async function checkPort(host: string, port: number): Promise<Finding> {
  if (port === 0) return ok('any that is free');
  const code = await tryToListen(host, port);
  switch (code) {
    case undefined:
      return ok(`${port} is free`);
    case 'EADDRINUSE': {
      const { describePortHolder } = await import('@authsvc/server');
      const holder = await describePortHolder(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, port);
      return problem(`${port} is held by ${holder}`, {
        say: 'Choose another',
        command: shell`AUTHSVC_LISTEN_PORT=${port === 65_535 ? port - 1 : port + 1} authsvc daemon start`,
      });
    }
    case 'EACCES':
      return problem(`${port} needs more rights than you have`, { say: 'Choose one above 1023: AUTHSVC_LISTEN_PORT' });
    case 'EADDRNOTAVAIL':
      return problem(`this machine does not have the address ${host}`, { say: 'Correct AUTHSVC_LISTEN_HOST' });
    default:
      return problem(`${port} cannot be listened on (${code})`, { say: 'Choose another: AUTHSVC_LISTEN_PORT' });
  }
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
