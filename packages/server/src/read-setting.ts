import { readFileSync, statSync } from 'node:fs';
import { type Environment, type Setting, SettingProblem } from './setting.ts';

const SECRET_FILE_MAX_BYTES = 65_536;

/** The variable that may name a file instead; undefined for what is no secret. */
export function fileVariableOf({ name, secret }: Setting<unknown>): string | undefined {
  return secret ? `${name}_FILE` : undefined;
}

/**
 * Reads one setting from its variable, or from the file that `<name>_FILE` names, as containers hand secrets over. Empty counts as absent.
 *
 * @throws SettingProblem
 */
export function readSetting<Value>(setting: Setting<Value>, env: Environment): Value {
  const text = readText(setting, env);
  if (text) return setting.read(text, env);
  return setting.readDefault ? setting.readDefault(env) : setting.read(setting.defaultText, env);
}

function readText(setting: Setting<unknown>, env: Environment): string | undefined {
  const text = env[setting.name];
  const fileVariable = fileVariableOf(setting);
  const path = fileVariable && env[fileVariable];
  if (!path) return text;
  if (text) throw new SettingProblem(`and ${fileVariable} are both set: leave one out`);
  const content = readSecretFile(path, `cannot be read from the file that ${fileVariable} names`);
  if (content === '') throw new SettingProblem(`is empty in the file that ${fileVariable} names`);
  return content;
}

function readSecretFile(path: string, problem: string): string {
  try {
    const stats = statSync(path);
    // A device would never end.
    if (!stats.isFile()) throw new SettingProblem(`${problem}: it is not a file`);
    if (stats.size > SECRET_FILE_MAX_BYTES) throw new SettingProblem(`${problem}: it is too large`);
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof SettingProblem) throw error;
    throw new SettingProblem(`${problem} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}
