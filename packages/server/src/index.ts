export { type Config, ConfigError, loadConfig } from './config.ts';
export { openDataFolder } from './open-data-folder.ts';
export { runServe } from './run-serve.ts';
export { buildServer, type ServerOptions } from './server.ts';
export type { ServerPorts } from './server-ports.ts';
export { type RunningService, startService } from './service.ts';
export { settings } from './settings.ts';
export { settingsTable } from './settings-table.ts';
export { StartRefusedError } from './start-refused-error.ts';
