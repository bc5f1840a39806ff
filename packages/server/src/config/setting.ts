import { readFileSync, statSync } from 'node:fs';

const SECRET_FILE_MAX_BYTES = 65_536;

export type Environment = Readonly<Record<string, string | undefined>>;

/** One environment variable. */
export interface Setting<Value> {
  readonly name: `AUTHSVC_${string}`;
  /** What applies if the variable is absent or empty, as docs/settings.md shows it. */
  readonly defaultText: string;
  readonly description: string;
  /** No message repeats its text, and `<name>_FILE` may name a file to read it from. */
  readonly secret?: true;
  /** @throws SettingProblem when the text is not a value of this setting. */
  read(text: string, env: Environment): Value;
  /** The default, if it depends on other variables or is none; otherwise `defaultText` is read. */
  readDefault?(env: Environment): Value;
}

/** Why a setting's text is refused: the end of a sentence that begins with the setting's name. */
export class SettingProblem extends Error {
  override readonly name = 'SettingProblem';
}

/** Reads a whole decimal number within bounds, both included. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new SettingProblem(`must be a whole number from ${min} to ${max}, not ${quote(text)}`);
  };
}

/** Reads one of a few words. */
export function oneOf<Word extends string>(...words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    throw new SettingProblem(`must be one of ${words.join(', ')}, not ${quote(text)}`);
  };
}

/** Whether a setting is given, in its variable or in a file. */
export function isGiven(env: Environment, name: Setting<unknown>['name']): boolean {
  return Boolean(env[name] || env[`${name}_FILE`]);
}

/** A refused text as a message may show it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** The variable that may name a file instead; undefined for what is no secret. */
export function fileVariableOf({ name, secret }: Setting<unknown>): string | undefined {
  return secret ? `${name}_FILE` : undefined;
}

/**
 * Reads one setting from its variable, or from the file that `<name>_FILE` names, which is how
 * containers get secrets. Empty counts as absent.
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
