import fc from 'fast-check';
import { inviteUser } from '../accounts/invitations.ts';
import { register } from '../accounts/register.ts';
import { requestEmailVerification, verifyEmail } from '../accounts/verify-email.ts';
import type { Mail } from '../mail/mail.ts';
import { sendMails } from '../testing/index.ts';
import { chooseToken, guess, newEntry, often, oneTimeToken, pick, place, shownCode, typed } from './choices.ts';
import { type Command, command } from './command.ts';
import * as mailRules from './mail-rules.ts';
import * as rules from './rules.ts';
import type { Service } from './service.ts';
import { describeCode, typedCode } from './typed-codes.ts';
import type { Settings } from './world.ts';

/** Send all mails, and keep their tokens. @returns what left, in order. */
export async function receiveAll({ auth, tokens }: Service): Promise<Pick<Mail, 'kind' | 'to'>[]> {
  const mails = await sendMails(auth);
  for (const mail of mails) if ('token' in mail) tokens.push(mail.token);
  return mails.map(({ kind, to }) => ({ kind, to }));
}

const sending = fc
  .constant('')
  .map((said) =>
    command('mails are sent', (world) => ({ said, rule: () => mailRules.sendAll(world), act: receiveAll })),
  );

/** Mostly those under which most can happen. */
export const settings: fc.Arbitrary<Settings> = fc
  .record({
    registration: fc.constantFrom(...often(6, 'open' as const), 'invited', 'closed'),
    emailVerification: fc.constantFrom('off', 'required', 'required'),
    resetDelivery: fc.constantFrom('response', 'smtp', 'smtp'),
  })
  .map((chosen) => ({ ...chosen, sendsMail: chosen.resetDelivery === 'smtp' }));

const setting = settings.map((chosen) => choosing(chosen));

export const choosing = (chosen: Settings): Command =>
  command('settings', (world) => ({
    said: Object.values(chosen).join(' '),
    rule: () => mailRules.set(world, chosen),
    act: async (service) => service.set(chosen),
  }));

const requestingVerification = fc.tuple(typed, place).map(([who, client]) =>
  command('requestEmailVerification', (world) => ({
    said: who.email,
    rule: () => mailRules.requestVerification(world, who),
    act: ({ auth }) => requestEmailVerification(auth, { email: who.email, client }),
  })),
);

/** Mostly with the address that the token was made for, and the password that it asks for. */
const verifying = fc
  .tuple(pick, typed, fc.nat({ max: 5 }), newEntry, guess, shownCode, place)
  .map(([wanted, other, own, entry, guessed, coded, client]) =>
    command('verifyEmail', (world) => {
      const { thing: token, number } = chooseToken(world, wanted, 'registration', 'email_change');
      const who = token && own > 0 ? token.to : other;
      const { password, text } = token?.purpose === 'email_change' ? guessed(token.account) : entry;
      const code = coded(world, token?.account);
      const app = token?.account?.factor?.app;
      return {
        said: `token ${number}, ${who.email}, ${text}, ${describeCode(world, code)}`,
        rule: () => mailRules.verify(world, who, token, { password, code, client }),
        act: async (service) => {
          const verificationToken = oneTimeToken(service, number);
          const typed = code && typedCode(service, world, code, app);
          const proof = { email: who.email, verificationToken, password: text, code: typed, client };
          return { email: (await verifyEmail(service.auth, proof)).email };
        },
      };
    }),
  );

const inviting = fc.tuple(typed, fc.constantFrom('user', 'admin')).map(([to, role]) =>
  command('inviteUser', (world) => ({
    said: `${to.email}, ${role}`,
    rule: () => mailRules.invite(world, to, role),
    act: async ({ auth, tokens }) => {
      const { printed, ...invited } = await inviteUser(auth, { email: to.email, role });
      if (printed) tokens.push(printed.token);
      return { ...invited, isPrinted: printed !== undefined };
    },
  })),
);

const accepting = fc
  .tuple(pick, typed, fc.nat({ max: 5 }), newEntry, place)
  .map(([wanted, other, own, { password, text }, client]) =>
    command('register with an invitation', (world) => {
      const { thing: token, number } = chooseToken(world, wanted, 'invitation');
      const who = token && own > 0 ? token.to : other;
      return {
        said: `token ${number}, ${who.email}, ${text}`,
        rule: () => rules.register(world, who, { password, client, invitation: token ?? 'unknown' }),
        act: async (service) => {
          const invitationToken = oneTimeToken(service, number);
          const registration = { email: who.email, password: text, invitationToken, client };
          return { email: (await register(service.auth, registration)).email };
        },
      };
    }),
  );

export const mailCommands: readonly fc.Arbitrary<Command>[] = [
  ...[...often(10, sending), setting, ...often(2, requestingVerification)],
  ...[...often(6, verifying), ...often(2, inviting), ...often(2, accepting)],
];
