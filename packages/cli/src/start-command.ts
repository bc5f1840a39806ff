import { shell } from '@authsvc/client/shell-command';
/** What a person runs to have the service on this machine. */
export const START_COMMAND = shell`authsvc daemon start`;
