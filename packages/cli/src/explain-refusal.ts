import { shell } from '@authsvc/client/shell-command';
import { CliError } from './cli-error.ts';
import { exitStatus } from './exit-status.ts';

/** What the service's own code refuses, in its own sentence; anything else as it came. Known by their names, so that the service need not be loaded to ask. */
export function explainRefusal(error: unknown, databaseCode: string): unknown {
  if (!(error instanceof Error)) return error;
  const codes: Readonly<Record<string, string>> = {
    DatabaseRefusedError: databaseCode,
    StartRefusedError: 'data_folder_in_use',
    ConfigError: 'usage',
  };
  const code = codes[error.name];
  if (code === undefined) return error;
  const next = { say: 'If a daemon runs, stop it first', command: shell`authsvc daemon stop` };
  return new CliError({
    status: code === 'usage' ? exitStatus.usage : exitStatus.refused,
    code,
    what: error.message,
    ...(code === 'data_folder_in_use' && { next }),
    cause: error,
  });
}
