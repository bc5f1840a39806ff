import { CliError, type NextStep } from './cli-error.ts';
import { exitStatusOfRefusal } from './exit-status.ts';

export interface ApiRefusalDetails {
  readonly code: string;
  /** The service's own sentence. */
  readonly message: string;
  /** HTTP. */
  readonly httpStatus: number;
  readonly retryAfterSeconds?: number | undefined;
}

/** The service understood and said no: `code` is one of the wire's, or one that this version does not know. */
export class ApiRefusal extends Error {
  override readonly name = 'ApiRefusal';
  readonly code: string;
  readonly httpStatus: number;
  readonly retryAfterSeconds: number | undefined;

  constructor({ code, message, httpStatus, retryAfterSeconds }: ApiRefusalDetails) {
    super(message);
    this.code = code;
    this.httpStatus = httpStatus;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The refusal as the end of a command. */
  toCliError(next?: NextStep): CliError {
    return new CliError({
      status: exitStatusOfRefusal(this.code),
      code: this.code,
      what: this.describe(),
      ...(next && { next }),
      cause: this,
    });
  }

  /** One sentence for a person, without a full stop. */
  private describe(): string {
    const wait = this.retryAfterSeconds === undefined ? 'shortly' : `in ${this.retryAfterSeconds} s`;
    if (this.code === 'rate_limited') return `Too many attempts; try again ${wait}`;
    if (this.code === 'overloaded') return `authsvc has too much to do; try again ${wait}`;
    if (this.code === 'database_unavailable') return `authsvc's database does not answer; try again ${wait}`;
    return this.message.charAt(0).toUpperCase() + this.message.slice(1);
  }
}
