import type { ConfigWarning } from './exposure-rules.ts';
import { readSetting } from './read-setting.ts';
import type { Setting } from './setting.ts';
import { type SettingValues, settings } from './settings.ts';

/** The settings that protect less the smaller, or the greater, they are; with what that means to a person. */
const guarded = {
  bcryptCost: { weakerWhen: 'smaller', means: 'a stolen password hash is guessed sooner' },
  passwordMinLength: { weakerWhen: 'smaller', means: 'passwords may be shorter' },
  loginsPerMinute: { weakerWhen: 'greater', means: 'one address can guess at more accounts' },
  registrationsPerMinute: { weakerWhen: 'greater', means: 'one address can make more accounts' },
  resetsPerMinute: { weakerWhen: 'greater', means: 'one address can have more mails sent' },
  sessionIdleSeconds: { weakerWhen: 'greater', means: 'a session that nobody uses lives longer' },
  sessionLifetimeSeconds: { weakerWhen: 'greater', means: 'a stolen session lives longer' },
  resetTokenSeconds: { weakerWhen: 'greater', means: 'a reset token can be used for longer' },
  auditRetentionDays: { weakerWhen: 'smaller', means: 'what happened to accounts is forgotten sooner' },
} as const satisfies Partial<Record<keyof SettingValues, { weakerWhen: 'smaller' | 'greater'; means: string }>>;

/** The settings that protect less than their defaults do, a sentence each. */
export function weakenedSettings(values: SettingValues): ConfigWarning[] {
  // What else a default depends on is as it is.
  const others = { [settings.resetDelivery.name]: values.resetDelivery };
  const keys = Object.keys(guarded) as (keyof typeof guarded)[];
  const weakened = keys.flatMap((key) => {
    const { weakerWhen, means } = guarded[key];
    const setting: Setting<number> = settings[key];
    const usual = readSetting(setting, others);
    const value = values[key];
    const isWeaker = weakerWhen === 'smaller' ? value < usual : value > usual;
    return isWeaker ? [warning(`${setting.name} is ${value} (default ${usual}): ${means}`)] : [];
  });
  const isQuiet = !['trace', 'debug', 'info'].includes(values.logLevel);
  const quiet = warning(`${settings.logLevel.name} is ${values.logLevel}: what happens to accounts is not logged`);
  return isQuiet ? [...weakened, quiet] : weakened;
}

function warning(message: string): ConfigWarning {
  return { event: 'setting_weakens', message };
}
