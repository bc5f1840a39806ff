export {
  type BcryptHasher,
  type BcryptHasherOptions,
  createBcryptHasher,
  type HashTiming,
} from './adapters/bcrypt-hasher.ts';
export { checkSqliteFile, type SqliteHealth } from './adapters/check-sqlite-file.ts';
export { loadCommonPasswords } from './adapters/common-passwords.ts';
export { type CopiedTable, copyDatabase } from './adapters/copy-database.ts';
export { type Database, openSqliteDatabase } from './adapters/database.ts';
export { DatabaseRefusedError } from './adapters/database-refused-error.ts';
export { acquireFileLock, type FileLock } from './adapters/file-lock.ts';
export { type FlaskUser, readFlaskUsers } from './adapters/flask-users.ts';
export { createFolderMailer } from './adapters/folder-mailer.ts';
export { createKnexStore } from './adapters/knex-store.ts';
export { type BatchedSessions, createMemorySessions, type SessionCheckCounts } from './adapters/memory-sessions.ts';
export { openPostgresDatabase, type PostgresOptions } from './adapters/postgres-database.ts';
export { parsePostgresUrl } from './adapters/postgres-url.ts';
export { createSmtpMailer } from './adapters/smtp-mailer.ts';
export { type BackupContents, checkBackup } from './adapters/sqlite-backup.ts';
export { refuseSecondName } from './adapters/sqlite-file.ts';
export { clearUnfinishedRestores, type Restored, restoreSqlite } from './adapters/sqlite-restore.ts';
export { createStoredSessions } from './adapters/stored-sessions.ts';
export { systemClock, systemRandom } from './adapters/system.ts';
export { createAttemptsInFlight } from './attempts-in-flight.ts';
export { authenticate } from './authenticate.ts';
export { changeEmail, type EmailChange } from './change-email.ts';
export { changePassword, type PasswordChange } from './change-password.ts';
export { type Client, isLoopback, unmapAddress } from './client.ts';
export type { Actor } from './confirm-password.ts';
export { deleteAccount } from './delete-account.ts';
export { AuthError, type AuthErrorCode, type ThrottledAttempt } from './errors.ts';
export type { AuthEvent, AuthEventType, StoredEvent } from './event.ts';
export { deleteExpired } from './housekeeping.ts';
export { IMPORT_BATCH_SIZE, type ImportedUser, type ImportOutcome, importUsers } from './import-users.ts';
export { type Credentials, type LoggedIn, logIn } from './log-in.ts';
export { logOut } from './log-out.ts';
export {
  deleteUser,
  disableUser,
  enableUser,
  getUser,
  issueResetTokenFor,
  revokeAllSessions,
  revokeSessions,
  setRole,
  verifyEmail,
} from './operate.ts';
export { endOtherSessions, endSession, listSessions } from './own-sessions.ts';
export { PASSWORD_MAX_LENGTH } from './password.ts';
export type { ResetDelivery, ResetRequestOutcome } from './password-reset.ts';
export type {
  ActiveSessions,
  AuthPolicy,
  AuthPorts,
  Clock,
  CommonPasswords,
  Mailer,
  PasswordHasher,
  Random,
  Store,
} from './ports.ts';
export { type Registration, register } from './register.ts';
export { requestPasswordReset } from './request-password-reset.ts';
export type { Mail } from './reset-mail.ts';
export { type PasswordReset, resetPassword } from './reset-password.ts';
export { type MailOutcome, sendResetMail } from './send-reset-mail.ts';
export type { ActiveSession, Session } from './session.ts';
export type { User } from './user.ts';
