import { statusOf, type WireErrorCode } from '@authsvc/client/contract';
import type { AuthEventType, ThrottledAttempt } from '@authsvc/core';

/** Upper bounds in seconds. */
const REQUEST_BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const WRITE_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const HASH_WAIT_BOUNDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5];
const HASH_BOUNDS = [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5];

/** All HTTP statuses are below this. */
const STATUS_END = 600;

/** Counts values up to each bound, and sums them: cheap to fill with every request. */
export class Histogram {
  /** In rising order; values above the last one have a count of their own. */
  readonly bounds: readonly number[];
  /** One more than there are bounds; each counts only values above the bound before it. */
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let index = 0;
    // Nearly every value is among the first few.
    while (index < bounds.length && value > (bounds[index] as number)) index += 1;
    counts[index] = (counts[index] as number) + 1;
    this.sum += value;
  }
}

/** What was answered on one route. */
export interface RouteMeter {
  readonly method: string;
  /** The pattern, never a path that was asked for. */
  readonly route: string;
  /** How many answers, by their status. */
  readonly answers: Float64Array;
  readonly seconds: Histogram;
}

/** What the service counts and times as it runs; the rest is looked up with each scrape. */
export interface Measurements {
  readonly routes: RouteMeter[];
  /** Requests for which there is no route, whatever they asked for. */
  readonly unrouted: RouteMeter;
  /** Requests that were not HTTP, or did not arrive in time. */
  malformed: number;
  readonly refusals: Record<WireErrorCode, number>;
  readonly throttled: Record<ThrottledAttempt, number>;
  readonly events: Record<AuthEventType, number>;
  readonly databaseErrors: Record<'unavailable' | 'other', number>;
  readonly writeSeconds: Histogram;
  readonly hashWaitSeconds: Histogram;
  readonly hashSeconds: Histogram;
}

const noEvents = {
  user_registered: 0,
  registration_throttled: 0,
  registration_requested: 0,
  email_verification_requested: 0,
  email_verification_throttled: 0,
  email_verification_refused: 0,
  email_verified: 0,
  user_invited: 0,
  invitation_accepted: 0,
  invitation_refused: 0,
  login_succeeded: 0,
  login_failed: 0,
  login_throttled: 0,
  second_factor_required: 0,
  second_factor_failed: 0,
  second_factor_throttled: 0,
  second_factor_enabled: 0,
  second_factor_disabled: 0,
  second_factor_reset: 0,
  recovery_code_used: 0,
  recovery_codes_renewed: 0,
  password_rehashed: 0,
  confirmation_failed: 0,
  confirmation_throttled: 0,
  session_ended: 0,
  other_sessions_ended: 0,
  password_changed: 0,
  email_change_requested: 0,
  email_changed: 0,
  not_me_refused: 0,
  not_me_throttled: 0,
  account_locked: 0,
  account_unlocked: 0,
  device_ended: 0,
  user_deleted: 0,
  user_disabled: 0,
  user_enabled: 0,
  user_role_set: 0,
  user_email_verified: 0,
  users_imported: 0,
  sessions_revoked: 0,
  all_sessions_revoked: 0,
  password_reset_requested: 0,
  password_reset_throttled: 0,
  password_reset_completed: 0,
  password_reset_refused: 0,
  password_reset_issued: 0,
  reset_mail_sent: 0,
  reset_mail_failed: 0,
  reset_mail_given_up: 0,
  mail_sent: 0,
  mail_failed: 0,
  mail_given_up: 0,
} satisfies Record<AuthEventType, 0>;

/** Nothing measured yet; each count is there from the start, so that its first rise is seen. */
export function createMeasurements(): Measurements {
  const codes = Object.keys(statusOf).map((code) => [code, 0]);
  return {
    routes: [],
    unrouted: createRouteMeter('other', 'none'),
    malformed: 0,
    refusals: Object.fromEntries(codes) as Record<WireErrorCode, number>,
    throttled: {
      login: 0,
      second_factor: 0,
      registration: 0,
      email_verification: 0,
      password_reset: 0,
      confirmation: 0,
      session_end: 0,
      not_me: 0,
    },
    events: { ...noEvents },
    databaseErrors: { unavailable: 0, other: 0 },
    writeSeconds: new Histogram(WRITE_BOUNDS),
    hashWaitSeconds: new Histogram(HASH_WAIT_BOUNDS),
    hashSeconds: new Histogram(HASH_BOUNDS),
  };
}

export function createRouteMeter(method: string, route: string): RouteMeter {
  return { method, route, answers: new Float64Array(STATUS_END), seconds: new Histogram(REQUEST_BOUNDS) };
}
