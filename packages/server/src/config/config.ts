import type { DaemonWarning } from '@authsvc/client/contract';
import { exposureProblems, exposureWarnings } from './rules.ts';
import { type Environment, fileVariableOf, readSetting, type Setting, SettingProblem } from './setting.ts';
import { type SettingValues, settings } from './settings.ts';

/** The settings, validated. Paths are absolute. */
export interface Config extends SettingValues {
  /** Whether `dataFolder` is the default, so that its parent folders may be created as well. */
  readonly isDefaultDataFolder: boolean;
  /** Whether `emailVerification` is the default, before which one of the database goes. */
  readonly isDefaultEmailVerification: boolean;
  /** About what is allowed, but probably a mistake. */
  readonly warnings: readonly DaemonWarning[];
}

/** Every problem of the settings, a sentence each. None repeats a value that may be secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Settings of the command line, which shares the environment. */
const COMMAND_LINE_SETTINGS = ['AUTHSVC_URL', 'AUTHSVC_SESSION', 'AUTHSVC_STORAGE'];

/**
 * Reads the settings from environment variables, and secrets also from files that these name. An
 * empty variable counts as absent.
 *
 * @throws {@link ConfigError} with every problem at once.
 */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const read: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries<Setting<unknown>>(settings)) {
    try {
      read[key] = readSetting(setting, env);
    } catch (error) {
      if (!(error instanceof SettingProblem)) throw error;
      problems.push(`${setting.name} ${error.message}`);
    }
  }
  problems.push(...exposureProblems(read as Partial<SettingValues>));
  if (problems.length > 0) throw new ConfigError(problems);
  const values = read as SettingValues;
  return {
    ...values,
    isDefaultDataFolder: !env.AUTHSVC_DATA_DIR,
    isDefaultEmailVerification: !env.AUTHSVC_EMAIL_VERIFICATION,
    warnings: [...exposureWarnings(values), ...unknownSettings(env)],
  };
}

function unknownSettings(env: Environment): DaemonWarning[] {
  const own = Object.values<Setting<unknown>>(settings).flatMap((setting) => [setting.name, fileVariableOf(setting)]);
  const known = new Set<string | undefined>([...own, ...COMMAND_LINE_SETTINGS]);
  return Object.keys(env)
    .filter((name) => name.startsWith('AUTHSVC_') && !known.has(name))
    .sort()
    .map((name) => ({ event: 'setting_unknown', message: `${name} is not a setting of authsvc, and has no effect` }));
}
