import {
  emailSchema,
  type InvitedBody,
  type IssuedResetBody,
  invitationSchema,
  type ListedUserBody,
  type OperatedUser,
  roleSchema,
  type Static,
  type UserDetailBody,
  type UserListBody,
  userPageSchema,
} from '@authsvc/client/contract';
import {
  type AuthPorts,
  deleteUser,
  disableUser,
  enableUser,
  inviteUser,
  issueResetTokenFor,
  type ListedUser,
  listDevices,
  listUsers,
  resetFactors,
  revokeAllSessions,
  revokeSessions,
  setRole,
  showUser,
  type User,
  unlockUser,
  verifyUser,
} from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { type FindPages, linkToToken } from '../mail/links.ts';

const DEFAULT_PAGE = 50;

interface ByEmail {
  Body: Static<typeof emailSchema>;
}

/** What an operator does with accounts. */
export function addUserControlRoutes(
  server: FastifyInstance,
  ports: AuthPorts & { readonly findPages: FindPages; readonly mailOwed: () => void },
): void {
  server.get<{ Querystring: Partial<Static<typeof userPageSchema>> }>(
    '/users',
    { schema: { querystring: userPageSchema } },
    async ({ query }): Promise<UserListBody> => {
      const limit = Number(query.limit ?? DEFAULT_PAGE);
      const { search, role, verified, after: afterEmailKey } = query;
      const emailVerified = verified === undefined ? undefined : verified === 'true';
      const { users, next } = await listUsers(ports, { search, role, emailVerified, afterEmailKey, limit });
      return { users: users.map(listedUser), next: next ?? null };
    },
  );

  server.get<{ Querystring: Static<typeof emailSchema> }>(
    '/users/show',
    { schema: { querystring: emailSchema } },
    async ({ query }): Promise<UserDetailBody> => {
      const { user, passwordCost, sessions } = await showUser(ports, query.email);
      const devices = await listDevices(ports, { userId: user.id });
      return {
        ...listedUser(user),
        password_cost: passwordCost,
        sessions: sessions.map((session) => ({
          id: session.id,
          created_at: iso(session.createdAt),
          last_used_at: iso(session.lastUsedAt),
          expires_at: iso(session.expiresAt),
          address: session.address,
          user_agent: session.userAgent ?? null,
        })),
        devices: devices.map((device) => ({
          id: device.id,
          created_at: iso(device.createdAt),
          last_login_at: iso(device.lastLoginAt),
          address: device.address,
          user_agent: device.userAgent ?? null,
        })),
      };
    },
  );

  const changes = {
    disable: disableUser,
    enable: enableUser,
    delete: deleteUser,
    revoke: revokeSessions,
    verify: verifyUser,
    unlock: unlockUser,
    'reset-mfa': resetFactors,
  };
  for (const [name, change] of Object.entries(changes)) {
    server.post<ByEmail>(
      `/users/${name}`,
      { schema: { body: emailSchema } },
      async ({ body }): Promise<OperatedUser> => operatedUser(await change(ports, body.email)),
    );
  }

  server.post<{ Body: Static<typeof roleSchema> }>(
    '/users/set',
    { schema: { body: roleSchema } },
    async ({ body }): Promise<OperatedUser> => operatedUser(await setRole(ports, body.email, body.role)),
  );

  server.post<{ Body: Static<typeof invitationSchema> }>(
    '/users/invite',
    // Once the answer is on its way.
    { schema: { body: invitationSchema }, onResponse: async () => ports.mailOwed() },
    async ({ body }): Promise<InvitedBody> => {
      const { email, role, printed } = await inviteUser(ports, body);
      const pages = printed && ports.findPages();
      return {
        email,
        role,
        invitation_token: printed?.token ?? null,
        link: pages ? linkToToken(pages, { kind: 'invitation', to: email, token: printed.token }) : null,
        expires_at: printed ? iso(printed.expiresAt) : null,
      };
    },
  );

  server.post<ByEmail>(
    '/users/reset',
    { schema: { body: emailSchema } },
    async ({ body }): Promise<IssuedResetBody> => {
      const { user, resetToken, expiresAt } = await issueResetTokenFor(ports, body.email);
      const pages = ports.findPages();
      const link = pages ? linkToToken(pages, { kind: 'reset', to: user.email, token: resetToken }) : null;
      return { email: user.email, reset_token: resetToken, link, expires_at: iso(expiresAt) };
    },
  );

  server.post('/sessions/revoke-all', async (): Promise<{ ended: number }> => {
    return { ended: await revokeAllSessions(ports) };
  });
}

function operatedUser(user: User): OperatedUser {
  return {
    id: user.id,
    email: user.email,
    email_verified: user.emailVerified,
    role: user.role,
    created_at: iso(user.createdAt),
    updated_at: iso(user.updatedAt),
    disabled_at: user.disabledAt === undefined ? null : iso(user.disabledAt),
    locked_at: user.lockedAt === undefined ? null : iso(user.lockedAt),
    second_factor_at: user.secondFactorAt === undefined ? null : iso(user.secondFactorAt),
  };
}

function listedUser(user: ListedUser): ListedUserBody {
  return { ...operatedUser(user), last_login_at: user.lastLoginAt === undefined ? null : iso(user.lastLoginAt) };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
