import { shell } from '@authsvc/client/shell-command';
import type { SettingWarnings } from '../daemon/read-settings.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

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
    say: 'Unless this is your own development machine, set',
    command: shell`AUTHSVC_RESET_DELIVERY=operator`,
  });
}

function isAboutResets({ event }: SettingWarnings[number]): boolean {
  return event === 'reset_delivery_is_response';
}
