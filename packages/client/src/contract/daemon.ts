/** `GET /daemon` → 200: the daemon that holds a data folder. */
export interface DaemonBody {
  /** `stopping` from the first signal on, until it has released the data folder. */
  readonly state: 'running' | 'stopping';
  readonly pid: number;
  readonly version: string;
  /** Where it serves its clients. */
  readonly url: string;
  readonly data_folder: string;
  /** When it began to listen: ISO 8601, UTC. */
  readonly started_at: string;
  /** As `AUTHSVC_DATABASE_URL` would name it; never with a password. */
  readonly database: string;
  /** `null` when it logs to its standard error. */
  readonly log_file: string | null;
}

/** `POST /daemon/stop` → 200; the process lives on until what is in flight is answered. */
export interface DaemonStoppingBody {
  readonly pid: number;
  readonly message: 'stopping';
}

/** What an operator should know. */
export interface DaemonWarning {
  readonly event: string;
  readonly message: string;
}

/**
 * `GET /daemon/warnings` → 200: a warning for each setting in force that is allowed but risky, and
 * `database_moved`.
 */
export interface DaemonWarningsBody {
  readonly warnings: readonly DaemonWarning[];
}
