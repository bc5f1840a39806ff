/** The options that every command takes, as commander reads them. */
export interface GlobalOptions {
  readonly url?: string;
  readonly json?: boolean;
  /** `false` after `--no-input`. */
  readonly input?: boolean;
  /** `false` after `--no-color`. */
  readonly color?: boolean;
  readonly debug?: boolean;
  readonly insecureHttp?: boolean;
}
