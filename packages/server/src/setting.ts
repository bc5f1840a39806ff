export type Environment = Readonly<Record<string, string | undefined>>;

/** One environment variable. */
export interface Setting<Value> {
  readonly name: `AUTHSVC_${string}`;
  /** What holds when the variable is absent or empty, as the README says it. */
  readonly defaultText: string;
  readonly description: string;
  /** Its text may hold a secret: it is repeated in no message, and `<name>_FILE` may name a file to read it from. */
  readonly secret?: true;
  /** @throws SettingProblem when the text is not a value of this setting. */
  read(text: string, env: Environment): Value;
  /** The default, where it depends on other variables or is none at all; otherwise `defaultText` is read. */
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

/** The default of a setting that need not be given. */
export function nothing(): undefined {
  return undefined;
}

/** The default of a list that need not be given. */
export function none(): readonly string[] {
  return [];
}

/** Whether a setting is given, in its variable or in a file. */
export function isGiven(env: Environment, name: Setting<unknown>['name']): boolean {
  return Boolean(env[name] || env[`${name}_FILE`]);
}

/** A refused text as a message may show it. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
