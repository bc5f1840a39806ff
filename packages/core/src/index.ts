export { IMPORT_BATCH_SIZE, type ImportedUser, type ImportOutcome, importUsers } from './accounts/import-users.ts';
export {
  deleteUser,
  disableUser,
  enableUser,
  exportUsers,
  issueResetTokenFor,
  listUsers,
  revokeAllSessions,
  revokeSessions,
  setRole,
  showUser,
  verifyEmail,
} from './accounts/operator.ts';
export { changeEmail, deleteAccount, type EmailChange } from './accounts/own-account.ts';
export { type Registration, register } from './accounts/register.ts';
export type { User } from './accounts/user.ts';
export type { AuthEvent, AuthEventType, StoredEvent } from './audit/event.ts';
export { type EventQuery, listEvents } from './audit/list-events.ts';
export { type CopiedTable, copyDatabase } from './database/copy-database.ts';
export type { Database } from './database/database.ts';
export { DatabaseRefusedError } from './database/errors.ts';
export { openPostgresDatabase, type PostgresOptions } from './database/postgres/open.ts';
export { parsePostgresUrl } from './database/postgres/url.ts';
export { type BackupContents, checkBackup } from './database/sqlite/backup.ts';
export { checkSqliteFile, refuseSecondName, type SqliteHealth } from './database/sqlite/file.ts';
export { acquireFileLock, type FileLock } from './database/sqlite/file-lock.ts';
export { type FlaskUser, readFlaskUsers } from './database/sqlite/flask-users.ts';
export { openSqliteDatabase } from './database/sqlite/open.ts';
export { clearUnfinishedRestores, type Restored, restoreSqlite } from './database/sqlite/restore.ts';
export { createKnexStore, type StoreListeners } from './database/store.ts';
export { AuthError, type AuthErrorCode, type ThrottledAttempt } from './errors.ts';
export {
  type BcryptHasher,
  type BcryptHasherOptions,
  createBcryptHasher,
  type HashTiming,
} from './external/bcrypt-hasher.ts';
export { loadCommonPasswords } from './external/common-passwords.ts';
export { createFolderMailer } from './external/folder-mailer.ts';
export { createSmtpMailer } from './external/smtp-mailer.ts';
export { deleteExpired } from './housekeeping.ts';
export type { Mail } from './mail/mails.ts';
export { type MailOutcome, sendResetMail } from './mail/outbox.ts';
export { changePassword, type PasswordChange } from './passwords/change-password.ts';
export type { Actor } from './passwords/confirm-password.ts';
export { PASSWORD_MAX_LENGTH } from './passwords/password-rules.ts';
export { type ResetRequestOutcome, requestPasswordReset } from './passwords/request-reset.ts';
export { type PasswordReset, resetPassword } from './passwords/reset-password.ts';
export type {
  AuthPolicy,
  AuthPorts,
  CommonPasswords,
  Mailer,
  PasswordHasher,
  ResetDelivery,
  SessionChecks,
} from './ports.ts';
export { isLoopback, type Requester, unmapAddress } from './requester.ts';
export { authenticate } from './sessions/authenticate.ts';
export { type Credentials, type LoggedIn, logIn } from './sessions/log-in.ts';
export { logOut } from './sessions/log-out.ts';
export { endOtherSessions, endSession, listSessions } from './sessions/own-sessions.ts';
export type { ActiveSession, Session } from './sessions/session.ts';
export { type BatchedSessions, createSessionCache, type SessionCheckCounts } from './sessions/session-cache.ts';
export { createUncachedSessions } from './sessions/uncached-sessions.ts';
export type { Store } from './store.ts';
export { type Clock, type Random, systemClock, systemRandom } from './system.ts';
export { createAttemptsInFlight } from './throttling/attempts-in-flight.ts';
