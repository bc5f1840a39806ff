import { authEvent } from '../audit/event.ts';
import { AuthError } from '../errors.ts';
import type { Actor } from '../passwords/confirm-password.ts';
import type { AuthPorts } from '../ports.ts';
import type { Requester } from '../requester.ts';
import type { WriteTransaction } from '../store.ts';
import { digestSecret } from '../tokens/digest.ts';
import type { Device } from './device.ts';
import { assertOpen, countChange } from './own-sessions.ts';
import { type ActiveSession, makeSessionToken } from './session.ts';

/** How long a browser is known after its last login. */
const DEVICE_MS = 180 * 86_400_000;
/**
 * More than people use. Those that logged in once are forgotten first, then those used longest
 * ago.
 */
const MAX_DEVICES = 20;

/** A browser as it is known from here on. */
export interface KnownDevice {
  /** A new one, or the one that the browser has. Only its digest is stored. */
  readonly token: string;
  /** Until when it is known, in milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Remember the browser of a complete login, in its transaction. */
export async function rememberDevice(
  { clock, random }: AuthPorts,
  transaction: WriteTransaction,
  {
    userId,
    client,
    known,
    token,
  }: { userId: string; client: Requester; known: Device | undefined; token: string | undefined },
): Promise<KnownDevice> {
  const now = clock.now();
  const expiresAt = now + DEVICE_MS;
  const from = { lastLoginAt: now, expiresAt, address: client.address, userAgent: client.userAgent?.slice(0, 256) };
  if (known && token !== undefined) {
    await transaction.saveDevice({ ...known, ...from }, MAX_DEVICES);
    return { token, expiresAt };
  }
  const issued = makeSessionToken(random);
  const device = { digest: issued.tokenDigest, id: random.uuid(), userId, createdAt: now, ...from };
  await transaction.saveDevice(device, MAX_DEVICES);
  return { token: issued.token, expiresAt };
}

/** A device in a list. */
export interface ListedDevice extends Device {
  /** Whether it is the one that asks. */
  readonly isCurrent: boolean;
}

/** The known browsers of a user, the last used one first. */
export async function listDevices(
  { clock, store }: AuthPorts,
  { userId }: Pick<ActiveSession, 'userId'>,
  deviceToken?: string,
): Promise<ListedDevice[]> {
  const digest = deviceToken === undefined ? undefined : digestSecret(deviceToken);
  const devices = await store.listDevices(userId);
  return devices
    .filter(({ expiresAt }) => clock.now() < expiresAt)
    .map((device) => ({ ...device, isCurrent: device.digest === digest }));
}

/**
 * Forget one browser of the requester. Its sessions stay.
 *
 * @throws {@link AuthError} `not_found`: no such device, or another user's, alike;
 * `unauthenticated`: the requester's session ended meanwhile; `rate_limited`.
 */
export async function endDevice(ports: AuthPorts, { session, client }: Actor, id: string): Promise<void> {
  const { userId, id: sessionId } = session;
  await ports.store.write(async (transaction) => {
    await assertOpen(transaction, session);
    if (!(await transaction.deleteDevice(id, userId))) throw new AuthError('not_found', { message: 'no such device' });
    await countChange(transaction, ports, session);
    await transaction.addEvent(authEvent(ports.clock, 'device_ended', client, { userId, sessionId }));
  });
}
