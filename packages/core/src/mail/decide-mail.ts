import type { AuthPorts } from '../ports.ts';
import type { WriteTransaction } from '../store.ts';
import type { TokenPurpose } from '../tokens/one-time-token.ts';
import type { NewToken } from '../tokens/one-time-tokens.ts';
import type { NoticeMail } from './mail.ts';
import type { NoticeKind, OutboxMail, OwedKind } from './outbox-mail.ts';

/** What an owed mail says, once it is due. */
export type Letter = LetterWithToken | NoticeLetter | LetterWithout;

interface LetterWithToken {
  readonly kind: Exclude<TokenPurpose, 'not_me'>;
  readonly to: string;
  /** The account that it concerns, if there is one. */
  readonly userId: string | undefined;
  /** Issued as the mail is sent. */
  readonly token: NewToken;
}

interface NoticeLetter {
  readonly kind: NoticeKind;
  readonly to: string;
  readonly userId: string;
  readonly token: NewToken;
  readonly about: Pick<NoticeMail, 'at' | 'address' | 'userAgent'>;
}

interface LetterWithout {
  readonly kind: 'account_exists';
  readonly to: string;
  readonly userId: string;
  readonly token?: undefined;
}

type Decide = (ports: AuthPorts, transaction: WriteTransaction, owed: OutboxMail) => Promise<Letter | undefined>;

/**
 * Decide what an owed mail says. Not when it is asked for: known and unknown addresses then cost
 * the same writes and the same time.
 *
 * @returns nothing where there is nothing to say.
 */
export const decideMail: Decide = (ports, transaction, owed) => decisions[owed.kind](ports, transaction, owed);

const decisions: Readonly<Record<OwedKind, Decide>> = {
  reset: async (_ports, transaction, { emailKey }) => {
    const user = await transaction.lockUserByEmailKey(emailKey);
    if (!user || user.disabledAt !== undefined) return undefined;
    return withToken(user.email, { purpose: 'reset', userId: user.id, delivery: 'mailed' });
  },

  registration: async ({ clock, policy }, transaction, { email, emailKey }) => {
    if (policy.registration !== 'open') return undefined;
    const user = await transaction.lockUserByEmailKey(emailKey);
    if (user) return tellOwner(user);
    if (await transaction.isReserved(emailKey, clock.now())) return undefined;
    return withToken(email, { purpose: 'registration', emailKey, delivery: 'mailed' });
  },

  email_change: async (_ports, transaction, { userId = '', email, emailKey }) => {
    const user = await transaction.lockUser(userId);
    if (!user || user.disabledAt !== undefined) return undefined;
    const owner = await transaction.lockUserByEmailKey(emailKey);
    if (owner && owner.id !== userId) return tellOwner(owner);
    return withToken(email, { purpose: 'email_change', userId, email, delivery: 'mailed' });
  },

  login_notice: notice('login_notice'),
  wrong_codes: notice('wrong_codes'),
  password_changed: notice('password_changed'),
  email_change_notice: notice('email_change_notice'),
  email_changed: notice('email_changed'),
  factor_enabled: notice('factor_enabled'),
  factor_disabled: notice('factor_disabled'),
  recovery_codes_renewed: notice('recovery_codes_renewed'),
  recovery_code_used: notice('recovery_code_used'),

  invitation: async ({ policy }, transaction, { email, emailKey, role }) => {
    if (policy.registration === 'closed' || (await transaction.lockUserByEmailKey(emailKey))) return undefined;
    return withToken(email, { purpose: 'invitation', emailKey, role, delivery: 'mailed' });
  },
};

/**
 * Goes to the address that the account had when it happened. Its token counts from then on, so that
 * the one of the first notice is the oldest.
 */
function notice(kind: NoticeKind): Decide {
  return async (_ports, transaction, { userId = '', email, createdAt, address, userAgent }) => {
    const user = await transaction.lockUser(userId);
    const token = { purpose: 'not_me', userId, email, delivery: 'mailed', createdAt } as const;
    return user && { kind, to: email, userId, token, about: { at: createdAt, address, userAgent } };
  };
}

function withToken(to: string, token: NewToken & { purpose: LetterWithToken['kind'] }): Letter {
  return { kind: token.purpose, to, userId: token.userId, token };
}

/** The owner of an address learns that it was used again; of a disabled account, nothing. */
function tellOwner({ id, email, disabledAt }: { id: string; email: string; disabledAt: number | undefined }) {
  return disabledAt === undefined ? ({ kind: 'account_exists', to: email, userId: id } as const) : undefined;
}
