export { StartRefusedError } from '@authsvc/client/folders';
export { checkStart } from './check-start.ts';
export { type Config, ConfigError, loadConfig } from './config/config.ts';
export {
  type DatabaseSetting,
  defaultDatabase,
  type PostgresSetting,
  readDatabase,
  type SqliteSetting,
} from './config/database-setting.ts';
export { weakenedSettings } from './config/rules.ts';
export { settings, settingsTable } from './config/settings.ts';
export { findLastBackup, type MadeBackup } from './data-folder/backups.ts';
export { openDataFolder } from './data-folder/lock-data-folder.ts';
export { openDatabase } from './data-folder/open-database.ts';
export { describePortHolder } from './http/listening.ts';
export { buildServer, type ServerOptions } from './http/server.ts';
export { runServe } from './serve.ts';
export { type RunningService, startService } from './service.ts';
