import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CliError, describePathFailure } from '../cli-error.ts';
import { exitStatus } from '../exit-status.ts';

/**
 * Writes a unit, or replaces the one that is there, in one step.
 *
 * @throws {@link CliError} `unit_not_written`.
 */
export function writeUnit(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}.tmp`;
    writeFileSync(unfinished, text, { mode: 0o644 });
    renameSync(unfinished, path);
  } catch (error) {
    throw notWritten(path, error);
  }
}

function notWritten(path: string, cause: unknown): CliError {
  return new CliError({
    status: exitStatus.unexpected,
    code: 'unit_not_written',
    what: `${path} cannot be written`,
    ...describePathFailure(path, cause, 'Name another folder with XDG_CONFIG_HOME'),
    cause,
  });
}
