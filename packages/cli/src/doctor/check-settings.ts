import { shell } from '@authsvc/client/shell-command';
import type { Config } from '@authsvc/server';
import type { Context } from '../context.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

/** As the server has them, of which the command line knows no more than it shows. */
export type SettingWarnings = readonly { readonly event: string; readonly message: string }[];

export interface SettingsRead {
  /** Missing where there are problems. */
  readonly config: Config | undefined;
  readonly problems: readonly string[];
  readonly warnings: SettingWarnings;
}

/** What the settings of this environment say, or why a daemon would not start with them. */
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

/** Judges settings that keep a daemon from starting, and those that are better known. */
export function judgeSettings(problems: readonly string[], warnings: SettingWarnings): Finding[] {
  const findings = [
    ...problems.map((message) => problem(message, { say: 'Change or unset it' })),
    ...warnings.filter((one) => !isAboutResets(one)).map(({ message }) => warning(message)),
  ];
  return findings.length > 0 ? findings : [ok('nothing weakens the defaults')];
}

/** Judges who is given reset tokens, and whether that fits who can ask for them. */
export function judgeResetDelivery(warnings: SettingWarnings): Finding {
  const told = warnings.find(isAboutResets);
  if (!told) return ok('not handed to whoever asks');
  return warning(told.message, {
    say: 'Elsewhere than on a machine of your own',
    command: shell`AUTHSVC_RESET_DELIVERY=operator`,
  });
}

function isAboutResets({ event }: SettingWarnings[number]): boolean {
  return event === 'reset_delivery_is_response';
}
