import { shell } from '@authsvc/client/shell-command';
import type { Config } from '@authsvc/server';
import type { Context } from '../context.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

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

/** Report settings that keep a daemon from starting, and those that weaken it. */
export function judgeSettings(problems: readonly string[], warnings: SettingWarnings): Finding[] {
  const findings = [
    ...problems.map((message) => problem(message, { say: 'Change or unset it' })),
    ...warnings.filter((one) => !isAboutResets(one)).map(({ message }) => warning(message)),
  ];
  return findings.length > 0 ? findings : [ok('nothing weakens the defaults')];
}

/** Report how reset tokens are delivered, and whether that fits who can ask for them. */
export function judgeResetDelivery(warnings: SettingWarnings): Finding {
  const found = warnings.find(isAboutResets);
  if (!found) return ok('not returned in responses');
  return warning(found.message, {
    say: 'Elsewhere than on a machine of your own',
    command: shell`AUTHSVC_RESET_DELIVERY=operator`,
  });
}

function isAboutResets({ event }: SettingWarnings[number]): boolean {
  return event === 'reset_delivery_is_response';
}
