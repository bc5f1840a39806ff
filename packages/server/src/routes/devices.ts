import type { AnswerOf, BodyOf } from '@authsvc/client/contract';
import { type AuthPorts, endDevice, listDevices, notMe } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';
import { readDeviceCookie } from '../http/device-cookie.ts';
import { requesterOf } from '../http/proxies.ts';
import { authenticateRequest } from '../http/session-cookie.ts';
import { routeOf } from './route.ts';

/** The browsers that are known to people's own accounts. */
export function addDeviceRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.route({
    ...routeOf('listDevices'),
    handler: async (request): Promise<AnswerOf<'listDevices'>> => {
      const devices = await listDevices(ports, await authenticateRequest(ports, request), readDeviceCookie(request));
      return {
        devices: devices.map((device) => ({
          id: device.id,
          created_at: new Date(device.createdAt).toISOString(),
          last_login_at: new Date(device.lastLoginAt).toISOString(),
          address: device.address,
          user_agent: device.userAgent ?? null,
          current: device.isCurrent,
        })),
      };
    },
  });

  server.route<{ Params: { id: string } }>({
    ...routeOf('endDevice'),
    handler: async (request): Promise<AnswerOf<'endDevice'>> => {
      const session = await authenticateRequest(ports, request);
      await endDevice(ports, { session, client: requesterOf(request) }, request.params.id);
      return { message: 'device forgotten' };
    },
  });
}

/** What the link of a notice does where there are no pages. */
export function addNotMeRoute(server: FastifyInstance, ports: AuthPorts): void {
  server.route<{ Body: BodyOf<'notMe'> }>({
    ...routeOf('notMe'),
    handler: async (request): Promise<AnswerOf<'notMe'>> => {
      await notMe(ports, { ...request.body, client: requesterOf(request) });
      return { message: 'account locked' };
    },
  });
}
