export type { DaemonBody, DaemonStoppingBody, DaemonWarning, DaemonWarningsBody } from './daemon.ts';
export {
  type AboutBody,
  type AnswerOf,
  type BodyOf,
  type CodeNeededBody,
  type EndpointName,
  type ErrorBody,
  endpoints,
  type FieldError,
} from './endpoints.ts';
export {
  type BackupBody,
  backupSchema,
  type EventBody,
  type EventListBody,
  type ExportLine,
  emailSchema,
  eventPageSchema,
  exportSchema,
  type FolderBackupBody,
  folderBackupSchema,
  type ImportLine,
  type ImportReport,
  type InvitedBody,
  type IssuedResetBody,
  importSchema,
  invitationSchema,
  type ListedUserBody,
  type OperatedUser,
  roleSchema,
  type TotpLine,
  type UserDetailBody,
  type UserListBody,
  userPageSchema,
} from './operator.ts';
export type { Static } from './schema.ts';
export { statusOf, type WireErrorCode } from './status-codes.ts';
