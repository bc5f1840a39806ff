import { CliError, upperFirst } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { exitStatus } from '../exit-status.ts';
import { type DaemonBody, findLocalDaemon, locateDaemon } from './local-daemon.ts';

/** Problems with the settings of this environment; none where a daemon would accept them all. */
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
 * Looks, before the daemon that runs is stopped, whether another could start with the settings of
 * this environment.
 *
 * @throws {@link CliError} `daemon_not_started`, after all that is wrong has been written to
 * standard error; the daemon runs on.
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
