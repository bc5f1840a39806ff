/** What a person runs to have the service on this machine. */
export const START_COMMAND = 'authsvc daemon start';
