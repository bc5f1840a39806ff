import type { Config } from '@authsvc/server';
import type { Context } from '../context.ts';

/** Warnings of the server, as much of them as the command line shows. */
export type SettingWarnings = readonly { readonly event: string; readonly message: string }[];

export interface SettingsRead {
  /** Missing where there are problems. */
  readonly config: Config | undefined;
  readonly problems: readonly string[];
  readonly warnings: SettingWarnings;
}

/** Read the settings of this environment, or why a daemon would not start with them. */
export async function readSettings({ env }: Pick<Context, 'env'>): Promise<SettingsRead> {
  const { ConfigError, loadConfig, weakenedSettings } = await import('@authsvc/server');
  try {
    const config = loadConfig(env);
    return { config, problems: [], warnings: [...config.warnings, ...weakenedSettings(config)] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: undefined, problems: error.problems, warnings: [] };
    throw error;
  }
}
