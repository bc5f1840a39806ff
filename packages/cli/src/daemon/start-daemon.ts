import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context } from '../context.ts';
import { CliError, describePathFailure, type NextStep, upperFirst } from '../errors.ts';
import { type ExitStatus, exitStatus } from '../exit-status.ts';
import { type DaemonBody, findLocalDaemon, type LocalDaemonPlace, locateDaemon } from './local-daemon.ts';

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
  try {
    mkdirSync(logFolder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw cannotWrite(logFolder, error);
  }
}

function spawnDaemon({ env }: Context, outputFile: string): ChildProcess {
  const output = openOutput(outputFile);
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

function openOutput(path: string): number {
  try {
    return openSync(path, 'w', 0o600);
  } catch (error) {
    throw cannotWrite(path, error);
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

function cannotWrite(path: string, cause: unknown): CliError {
  const { why, next } = describePathFailure(path, cause, 'Name another data folder with AUTHSVC_DATA_DIR');
  return cannotStart(cause, `${path} cannot be written: ${why}`, next);
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

/** Problems with the settings of this environment; empty if a daemon would start with them. */
export async function settingProblems(env: Context['env']): Promise<readonly string[]> {
  const { ConfigError, loadConfig } = await import('@authsvc/server');
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
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
  const { env } = context;
  const { checkStart, loadConfig } = await import('@authsvc/server');
  const problems = await settingProblems(env);
  if (problems.length > 0) throw notRestarted(context, running, problems, exitStatus.usage);
  try {
    await checkStart(loadConfig(env), running);
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
  status: typeof exitStatus.usage | typeof exitStatus.unexpected,
): CliError {
  if (problems.length > 1) stderr.write(problems.map((line) => `${line}\n`).join(''));
  const [first = ''] = problems;
  return new CliError({
    status,
    code: 'daemon_not_started',
    what: 'The daemon was not restarted',
    why: `${upperFirst(first)}.`,
    next: { say: `The one that runs goes on (pid ${pid}): correct the settings, and try again` },
  });
}
