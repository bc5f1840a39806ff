import type { ErrorBody } from './endpoints.ts';
import { object, objectWith, partOf } from './schema.ts';

/** An account as an operator sees it; times are ISO 8601, UTC. */
export interface OperatedUser {
  readonly id: string;
  readonly email: string;
  readonly email_verified: boolean;
  readonly role: string;
  readonly created_at: string;
  readonly updated_at: string;
  /** `null` for an account that may log in. */
  readonly disabled_at: string | null;
  /** Since when its owner keeps everyone out, by the link of a notice. */
  readonly locked_at: string | null;
  /** When the second factor was enabled; `null` where there is none. */
  readonly second_factor_at: string | null;
}

/** An account in a list. */
export interface ListedUserBody extends OperatedUser {
  /** `null` if there was none. */
  readonly last_login_at: string | null;
}

/** `GET /users?search=&role=&verified=&after=&limit=` → 200, by rising address. */
export interface UserListBody {
  readonly users: readonly ListedUserBody[];
  /** What to send as `after` for the next page; `null` behind the last. */
  readonly next: string | null;
}

/** One open session of an account. */
export interface OperatedSession {
  readonly id: string;
  readonly created_at: string;
  readonly last_used_at: string;
  readonly expires_at: string;
  readonly address: string;
  readonly user_agent: string | null;
}

/** One browser that is known to an account. */
export interface OperatedDevice {
  readonly id: string;
  readonly created_at: string;
  readonly last_login_at: string;
  readonly address: string;
  readonly user_agent: string | null;
}

/** `GET /users/show?email=` → 200. */
export interface UserDetailBody extends ListedUserBody {
  readonly password_cost: number;
  readonly sessions: readonly OperatedSession[];
  /** The one that logged in last comes first. */
  readonly devices: readonly OperatedDevice[];
}

/** `POST /users/reset` → 200: the token is in this answer alone. */
export interface IssuedResetBody {
  readonly email: string;
  readonly reset_token: string;
  /** To the page where the token is used; null where there are no pages. */
  readonly link: string | null;
  readonly expires_at: string;
}

/** `POST /users/invite` → 200. Where mails are sent, the token is in the mail alone. */
export interface InvitedBody {
  readonly email: string;
  readonly role: string;
  readonly invitation_token: string | null;
  /** To the page where the token is used; null where there are no pages. */
  readonly link: string | null;
  readonly expires_at: string | null;
}

/** One line of `POST /users/import`, as JSON. */
export interface ImportLine {
  /** Its number in the file that it came from. */
  readonly line: number;
  readonly email: string;
  readonly password_hash: string;
  readonly created_at?: string | undefined;
  readonly disabled_at?: string | null | undefined;
  readonly role?: string | undefined;
  readonly email_verified?: boolean | undefined;
  readonly totp?: TotpLine | null | undefined;
  /** SHA-256 of the recovery codes that are left, base64url; only with `totp`. */
  readonly recovery_codes?: readonly string[] | undefined;
}

/** A second factor in a file of accounts: who reads it can make its codes. */
export interface TotpLine {
  /** Base32. */
  readonly secret: string;
  readonly enabled_at?: string | undefined;
  /** The newest 30 s since 1970 of which a code was used. */
  readonly last_step?: number | undefined;
}

/**
 * One line of the response to `POST /users/import`: a refused line or the progress; the last one is
 * the summary, or the error that ended the import.
 */
export type ImportReport =
  | { readonly line: number; readonly refused: string }
  | { readonly done: number }
  | { readonly summary: { readonly imported: number; readonly exists: number; readonly refused: number } }
  | { readonly error: ErrorBody };

/** One line of `GET /users/export?with_factors=`, which `POST /users/import` reads back. */
export interface ExportLine {
  readonly email: string;
  readonly password_hash: string;
  readonly created_at: string;
  readonly disabled_at: string | null;
  readonly role: string;
  readonly email_verified: boolean;
  /** Left out unless it was asked for. */
  readonly totp?: Required<TotpLine> | null;
  readonly recovery_codes?: readonly string[];
}

/** One event, as `GET /events` returns it. */
export interface EventBody {
  readonly id: number;
  readonly at: string;
  readonly type: string;
  readonly user_id: string | null;
  /** While there is such an account. */
  readonly email: string | null;
  readonly session_id: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly detail: string | null;
}

/** `GET /events?email=&since=&after=&limit=&newest=` → 200, the oldest first. */
export interface EventListBody {
  readonly events: readonly EventBody[];
}

/** `POST /backup` → 200. */
export interface BackupBody {
  readonly path: string;
  readonly bytes: number;
}

/** `POST /backup/folder` → 200. */
export interface FolderBackupBody extends BackupBody {
  /** Older backups that were removed, and those that could not be. */
  readonly removed: readonly string[];
  readonly not_removed: readonly string[];
}

/** Without NUL, which PostgreSQL has in no text. */
const text = { type: 'string', minLength: 1, maxLength: 1024, pattern: '^[^\\u0000]*$' } as const;
/** Up to 1,000. */
const limit = { type: 'string', pattern: '^([1-9]\\d{0,2}|1000)$' } as const;

/** An account, named by its address: in a body or a query. */
export const emailSchema = object({ email: text });

/** A role for an account; the rules check what it looks like. */
export const roleSchema = object({ email: text, role: text });

/** An address to invite, perhaps with a role for its account. */
export const invitationSchema = objectWith({ email: text }, { role: text });

export const userPageSchema = partOf({
  limit,
  search: text,
  after: text,
  role: text,
  verified: { type: 'string', pattern: '^(true|false)$' },
});

export const eventPageSchema = partOf({ limit, email: text, since: text, after: text, newest: text });

export const importSchema = partOf({ dry_run: { type: 'string', const: 'true' } });

export const exportSchema = partOf({ with_factors: { type: 'string', const: 'true' } });

const absolutePath = { type: 'string', pattern: '^(/|[A-Za-z]:[\\\\/])[^\\0]*$', maxLength: 4096 } as const;

export const backupSchema = object({ path: absolutePath });

export const folderBackupSchema = object({
  folder: absolutePath,
  /** How many to keep, up to 9,999. */
  keep: { type: 'string', pattern: '^[1-9]\\d{0,3}$' },
});
