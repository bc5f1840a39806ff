export { IMPORT_BATCH_SIZE, type ImportedFactors, type ImportedUser, importUsers } from './accounts/import-users.ts';
export { type Invited, inviteUser } from './accounts/invitations.ts';
export { notMe } from './accounts/not-me.ts';
export {
  deleteUser,
  disableUser,
  type ExportedUser,
  enableUser,
  exportUsers,
  issueResetTokenFor,
  type ListedUser,
  listUsers,
  resetFactors,
  revokeAllSessions,
  revokeSessions,
  setRole,
  showUser,
  unlockUser,
  verifyUser,
} from './accounts/operator.ts';
export { changeEmail, deleteAccount, type EmailChanged, findPendingEmail } from './accounts/own-account.ts';
export { type Registered, register } from './accounts/register.ts';
export type { User } from './accounts/user.ts';
export { requestEmailVerification, verifyEmail } from './accounts/verify-email.ts';
export type { AuthEvent, AuthEventType, StoredEvent } from './audit/event.ts';
export { listEvents } from './audit/list-events.ts';
export { type CopiedTable, copyDatabase } from './database/copy-database.ts';
export type { Database } from './database/database.ts';
export { DatabaseRefusedError } from './database/errors.ts';
export { type MigrationState, readMigrationState } from './database/migrate.ts';
export { openPostgresDatabase } from './database/postgres/open.ts';
export { parsePostgresUrl } from './database/postgres/url.ts';
export { checkBackup } from './database/sqlite/backup.ts';
export { checkSqliteFile, hasAccounts, inspectSqliteFile, refuseSecondName } from './database/sqlite/file.ts';
export { acquireFileLock, type FileLock } from './database/sqlite/file-lock.ts';
export { readFlaskUsers } from './database/sqlite/flask-users.ts';
export { openSqliteDatabase } from './database/sqlite/open.ts';
export { clearUnfinishedRestores, type Restored, restoreSqlite } from './database/sqlite/restore.ts';
export { measureTrialRoom, readSqliteMigrations, trialFolder, tryUpgrade } from './database/sqlite/try-upgrade.ts';
export { createKnexStore, type StoreListeners } from './database/store.ts';
export { AuthError, type AuthErrorCode, type PasswordProblem, type ThrottledAttempt } from './errors.ts';
export { type BcryptHasher, createBcryptHasher } from './external/bcrypt-hasher.ts';
export { loadCommonPasswords } from './external/common-passwords.ts';
export { createFolderTransport } from './external/folder-transport.ts';
export { createSmtpTransport } from './external/smtp-transport.ts';
export { beginTotp, type EnabledTotp, enableTotp, findPendingTotp } from './factors/enable-totp.ts';
export { disableTotp, type Factors, listFactors, renewRecoveryCodes } from './factors/own-factors.ts';
export { FEW_RECOVERY_CODES } from './factors/recovery-codes.ts';
export { otpauthUrl } from './factors/totp.ts';
export { deleteExpired } from './housekeeping.ts';
export type { Mail, MailMessage, NoticeMail } from './mail/mail.ts';
export { sendOwedMail } from './mail/outbox.ts';
export { changePassword } from './passwords/change-password.ts';
export { type ResetRequestOutcome, requestPasswordReset } from './passwords/request-reset.ts';
export { resetPassword } from './passwords/reset-password.ts';
export type { AuthPolicy, AuthPorts, Mailer, MailTransport, RegistrationPolicy, ResetDelivery } from './ports.ts';
export { type Requester, unmapAddress } from './requester.ts';
export { authenticate } from './sessions/authenticate.ts';
export type { CodeNeeded, LoggedIn } from './sessions/complete-login.ts';
export { endDevice, type ListedDevice, listDevices } from './sessions/devices.ts';
export { logIn } from './sessions/log-in.ts';
export { logOut } from './sessions/log-out.ts';
export { endOtherSessions, endSession, listSessions } from './sessions/own-sessions.ts';
export { logInWithCode } from './sessions/second-factor.ts';
export type { ActiveSession, LoginMethod, Session } from './sessions/session.ts';
export { type BatchedSessions, createSessionCache } from './sessions/session-cache.ts';
export { createUncachedSessions } from './sessions/uncached-sessions.ts';
export type { Store, UserPage } from './store.ts';
export { type Clock, systemClock, systemRandom } from './system.ts';
export { createAttemptsInFlight } from './throttling/attempts-in-flight.ts';
