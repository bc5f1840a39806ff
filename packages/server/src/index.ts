export { type Config, ConfigError, loadConfig, settings } from './config.ts';
export { runServe } from './run-serve.ts';
export { buildServer, type ServerOptions } from './server.ts';
export type { ServerPorts } from './server-ports.ts';
export { type RunningService, startService } from './service.ts';
export { StartRefusedError } from './start-refused-error.ts';
