import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createTestMachine, type Outcome, type RunOptions, type TestMachine } from './test-machine.ts';

export interface LocalService {
  readonly machine: TestMachine;
  readonly url: string;
  readonly dataFolder: string;
  /** Runs one command on this machine. */
  readonly authsvc: (args: readonly string[], options?: RunOptions) => Promise<Outcome>;
  /** Runs one command with `--json`. */
  json(args: readonly string[], options?: RunOptions): Promise<{ status: number; answer: unknown; stderr: string }>;
  register(email: string, password?: string): Promise<void>;
  /** A session token, which is stored nowhere. */
  logIn(email: string, password?: string): Promise<string>;
  isOpen(session: string): Promise<boolean>;
  /** Ends the service, as if its daemon were stopped; otherwise it ends with the test. */
  stop(): Promise<void>;
}

interface ServiceOptions {
  /** Its name under HOME. */
  readonly dataFolder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export const PASSWORD = 'correct horse battery';

/** The real service in this process, with its control socket, on a machine of its own. */
export async function startLocalService(options: ServiceOptions = {}): Promise<LocalService> {
  const { loadConfig, startService } = await import('@authsvc/server');
  const machine = createTestMachine({ AUTHSVC_STORAGE: 'file' });
  const dataFolder = join(machine.home, options.dataFolder ?? 'data');
  const settings = {
    AUTHSVC_DATA_DIR: dataFolder,
    AUTHSVC_LISTEN_PORT: '0',
    AUTHSVC_BCRYPT_COST: '10',
    ...options.env,
  };
  const service = await startService(loadConfig(settings), { logStream: { write: () => undefined } });
  let closing: Promise<void> | undefined;
  const stop = () => {
    closing ??= service.close();
    return closing;
  };
  onTestFinished(stop);

  const authsvc: LocalService['authsvc'] = (args, { env, ...options } = {}) => {
    return machine.authsvc(args, {
      ...options,
      env: { AUTHSVC_URL: service.url, AUTHSVC_DATA_DIR: dataFolder, ...env },
    });
  };
  const json: LocalService['json'] = async (args, options) => {
    const { status, stdout, stderr } = await authsvc(['--json', ...args], options);
    return { status, answer: JSON.parse(stdout), stderr };
  };
  return {
    machine,
    url: service.url,
    dataFolder,
    authsvc,
    json,
    register: async (email, password = PASSWORD) => {
      await authsvc(['register', '--email', email, '--password-stdin'], { input: password });
    },
    logIn: async (email, password = PASSWORD) => {
      const login = ['login', '--email', email, '--password-stdin', '--print-session'];
      return (await authsvc(login, { input: password })).stdout.trim();
    },
    isOpen: async (AUTHSVC_SESSION) => (await authsvc(['profile'], { env: { AUTHSVC_SESSION } })).status === 0,
    stop,
  };
}
