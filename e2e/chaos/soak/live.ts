import * as own from './account-acts.ts';
import { tryFactor } from './factor-acts.ts';
import * as operator from './operator-acts.ts';
import type { Person } from './person.ts';
import { acts, beginnings } from './stranger-acts.ts';

/** What a person does with an account, and how often compared with the rest. */
const often: readonly (readonly [times: number, act: own.AccountAct])[] = [
  [8, own.logIn],
  [30, own.seeProfile],
  [10, own.askWhoami],
  [1, own.mistype],
  [3, own.requestReset],
  [3, own.reset],
  [4, own.logOut],
  [4, own.endByList],
  [2, own.endOthers],
  [2, own.endOthersFromPage],
  [2, own.changePassword],
  [2, own.changeEmail],
  [2, tryFactor],
  [1, own.confirmWrongly],
  [1, own.deleteAccount],
  [3, operator.show],
  [2, operator.search],
  [2, operator.audit],
  [1, operator.disable],
  [3, operator.enable],
  [2, operator.setRole],
  [1, operator.setNoRole],
  [2, operator.verify],
  [1, operator.revoke],
  [2, operator.issueReset],
  [1, operator.remove],
];
const accountActs = often.flatMap(([times, act]) => Array.from({ length: times }, () => act));

/**
 * Have a person do one thing after another without a pause, until all people together have done so
 * many.
 */
export async function live(person: Person, until: number): Promise<void> {
  while (person.tally.operations < until) {
    const { account, chance } = person;
    if (chance.below(4) === 0) await chance.pick(acts)?.(person);
    else if (account) await chance.pick(accountActs)?.(person, account);
    else await chance.pick(beginnings)?.(person);
  }
}
