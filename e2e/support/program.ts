import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of this clone. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What `authsvc` runs on every machine: the file behind the installed command. */
export const authsvcFile = join(root, 'packages', 'cli', 'bin', 'authsvc.js');

/**
 * The environment of a person who has just opened a terminal: a home, a path, and nothing that this
 * test run inherited.
 *
 * `CI` is left out as well, since it would forbid every prompt.
 */
export function cleanEnvironment(home: string, extra: Environment = {}): Environment {
  return { HOME: home, PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', ...extra };
}

export type Environment = Readonly<Record<string, string>>;
