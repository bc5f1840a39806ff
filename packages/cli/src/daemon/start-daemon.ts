import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from '../context.ts';
import { CliError, describePathFailure, type NextStep, upperFirst } from '../errors.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type DaemonBody, findLocalDaemon, type LocalDaemonPlace, locateDaemon } from './local-daemon.ts';
import { readSettings } from './read-settings.ts';

/** Long enough to migrate a large database. */
const LONGEST_START_MS = 60_000;
const DAEMON_FILE = fileURLToPath(new URL('../../bin/authsvc-daemon.js', import.meta.url));

export interface DaemonStart {
  /** `false` when one was running already. */
  readonly started: boolean;
  readonly daemon: DaemonBody;
}

type StartOutcome = { readonly daemon: DaemonBody } | { readonly end: string; readonly status: number | null };

/**
 * Start the daemon in the background and return once it listens. If one runs already, or another
 * start wins the race, return that one.
 *
 * @throws {@link CliError} `daemon_not_started`, after writing the daemon's output to standard
 * error.
 */
export async function startDaemon(context: Context): Promise<DaemonStart> {
  const place = locateDaemon(context);
  const running = await findLocalDaemon(place);
  if (running?.state === 'running') return { started: false, daemon: running };

  await makeFolders(context, place);
  // A file for each start, since two may run at once; renamed once the daemon listens.
  const outputFile = join(place.logFolder, `start-${process.pid}.log`);
  const child = spawnDaemon(context, outputFile);
  const outcome = await waitForStart(child);
  if ('daemon' in outcome) {
    renameSync(outputFile, place.errorOutput);
    // Detach, so that this process can end and its output reaches end of file.
    child.disconnect();
    child.unref();
    return { started: true, daemon: outcome.daemon };
  }

  const output = readFileSync(outputFile, 'utf8').trim();
  rmSync(outputFile, { force: true });
  const winner = await findLocalDaemon(place);
  if (winner?.state === 'running') return { started: false, daemon: winner };
  throw notStarted(context, outcome.end, outcome.status, output);
}

async function makeFolders({ env }: Context, { dataFolder, logFolder }: LocalDaemonPlace): Promise<void> {
  const { makeDataFolder } = await import('@authsvc/client/folders');
  try {
    makeDataFolder(dataFolder, !env.AUTHSVC_DATA_DIR);
  } catch (error) {
    throw cannotStart(error, `${upperFirst((error as Error).message)}.`);
  }
  tryToWrite(logFolder, () => mkdirSync(logFolder, { recursive: true, mode: 0o700 }));
}

function spawnDaemon({ env }: Context, outputFile: string): ChildProcess {
  const output = tryToWrite(outputFile, () => openSync(outputFile, 'w', 0o600));
  try {
    return spawn(process.execPath, [DAEMON_FILE], {
      detached: true,
      env,
      stdio: ['ignore', output, output, 'ipc'],
      windowsHide: true,
    });
  } finally {
    closeSync(output);
  }
}

function waitForStart(child: ChildProcess): Promise<StartOutcome> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill();
      resolve({ end: `was not listening after ${LONGEST_START_MS / 1000} s, and has been ended`, status: null });
    }, LONGEST_START_MS);
    const settle = (outcome: StartOutcome) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    child.once('message', (daemon) => settle({ daemon: daemon as unknown as DaemonBody }));
    child.once('error', ({ message }) => settle({ end: `could not be run (${message})`, status: null }));
    child.once('exit', (status, signal) =>
      settle({ end: `ended before it listened (${signal ?? `exit status ${status}`})`, status }),
    );
  });
}

function notStarted({ stderr }: Context, end: string, childStatus: number | null, output: string): CliError {
  const lines = output.split('\n').map((line) => line.replace(/^authsvc: /, '').replace(/\p{Cc}/gu, ' '));
  if (lines.length > 1) stderr.write(lines.map((line) => `${line}\n`).join(''));
  const [first = ''] = lines;
  const status: ExitStatus = childStatus === exitStatus.usage ? exitStatus.usage : exitStatus.unexpected;
  return new CliError({
    status,
    code: 'daemon_not_started',
    what: `The daemon ${end}`,
    ...(first !== '' && { why: `${upperFirst(first)}${first.endsWith('.') ? '' : '.'}` }),
  });
}

function tryToWrite<Result>(path: string, write: () => Result): Result {
  try {
    return write();
  } catch (error) {
    const { why, next } = describePathFailure(path, error, 'Name another data folder with AUTHSVC_DATA_DIR');
    throw cannotStart(error, `${path} cannot be written: ${why}`, next);
  }
}

function cannotStart(cause: unknown, why: string, next?: NextStep): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'daemon_not_started',
    what: 'The daemon cannot start',
    why,
    next,
    cause,
  });
}

/**
 * Check, before stopping the running daemon, that another could start with the settings of this
 * environment.
 *
 * @throws {@link CliError} `daemon_not_started`, after writing every problem to standard error; the
 * daemon keeps running.
 */
export async function assertCanRestart(context: Context): Promise<void> {
  const running = await findLocalDaemon(locateDaemon(context));
  if (!running) return;
  const { checkStart } = await import('@authsvc/server');
  const { config, problems } = await readSettings(context);
  if (!config) throw notRestarted(context, running, problems, exitStatus.usage);
  try {
    await checkStart(config, running);
  } catch (error) {
    const isForeseen = error instanceof Error && /^(StartRefused|DatabaseRefused)Error$/.test(error.name);
    if (!isForeseen) throw error;
    throw notRestarted(context, running, [error.message], exitStatus.unexpected);
  }
}

function notRestarted(
  { stderr }: Context,
  { pid }: DaemonBody,
  problems: readonly string[],
  status: ExitStatus,
): CliError {
  if (problems.length > 1) stderr.write(problems.map((line) => `${line}\n`).join(''));
  const [first = ''] = problems;
  return new CliError({
    status,
    code: 'daemon_not_started',
    what: 'The daemon was not restarted',
    why: `${upperFirst(first)}.`,
    next: { say: `The running daemon was left as it is (pid ${pid}): correct the settings, and try again` },
  });
}
