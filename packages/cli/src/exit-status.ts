import type { WireErrorCode } from '@authsvc/client/contract';

/** The exit statuses; scripts rely on these numbers. */
export const exitStatus = {
  done: 0,
  unexpected: 1,
  usage: 2,
  unreachable: 3,
  notLoggedIn: 4,
  refused: 5,
  tryLater: 6,
  keychain: 7,
  interrupted: 130,
} as const;

export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

const byWireCode = {
  invalid_request: exitStatus.usage,
  password_rejected: exitStatus.refused,
  email_taken: exitStatus.refused,
  factor_enabled: exitStatus.refused,
  no_pending_factor: exitStatus.refused,
  invalid_credentials: exitStatus.notLoggedIn,
  second_factor_required: exitStatus.usage,
  invalid_code: exitStatus.notLoggedIn,
  second_factor_expired: exitStatus.notLoggedIn,
  unauthenticated: exitStatus.notLoggedIn,
  unknown_email: exitStatus.refused,
  invalid_reset_token: exitStatus.refused,
  registration_closed: exitStatus.refused,
  email_not_verified: exitStatus.refused,
  invalid_verification_token: exitStatus.refused,
  invalid_invitation_token: exitStatus.refused,
  invalid_not_me_token: exitStatus.refused,
  reset_delivery_refused: exitStatus.refused,
  cross_origin: exitStatus.unexpected,
  not_found: exitStatus.unexpected,
  method_not_allowed: exitStatus.unexpected,
  payload_too_large: exitStatus.usage,
  unsupported_media_type: exitStatus.unexpected,
  misdirected_request: exitStatus.usage,
  rate_limited: exitStatus.tryLater,
  headers_too_large: exitStatus.usage,
  internal: exitStatus.unexpected,
  overloaded: exitStatus.tryLater,
  database_unavailable: exitStatus.tryLater,
} satisfies Record<WireErrorCode, ExitStatus>;

const isWireCode = (code: string): code is WireErrorCode => Object.hasOwn(byWireCode, code);

/** The exit status for a code of the service; an unknown code is `unexpected`. */
export function exitStatusOfRefusal(code: string): ExitStatus {
  return isWireCode(code) ? byWireCode[code] : exitStatus.unexpected;
}
