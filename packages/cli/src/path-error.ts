import { explainPathFailure, isPathFailure } from '@authsvc/client/folders';
import { CliError, type NextStep } from './cli-error.ts';
import { exitStatus } from './exit-status.ts';

/** Why a path cannot be used, and the next step, in the words of an error. */
export function describePathFailure(
  path: string,
  cause: unknown,
  moveIt?: string,
): { readonly why: string; readonly next?: NextStep } {
  const { why, remedy } = explainPathFailure(path, (cause as NodeJS.ErrnoException).code);
  const sentence = `${upperFirst(why)}.`;
  if (remedy) return { why: sentence, next: { ...remedy, say: upperFirst(remedy.say) } };
  return moveIt === undefined ? { why: sentence } : { why: sentence, next: { say: moveIt } };
}

/**
 * The end of a command that the system kept from a file or a folder; `undefined` for any other
 * failure.
 */
export function toPathError(error: unknown): CliError | undefined {
  if (!isPathFailure(error)) return undefined;
  return new CliError({
    status: exitStatus.unexpected,
    code: 'path_unusable',
    what: `${error.path} cannot be used (${error.code})`,
    ...describePathFailure(error.path, error),
    cause: error,
  });
}

/** A sentence begins with a capital. */
export function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
