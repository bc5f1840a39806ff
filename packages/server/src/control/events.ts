import { type EventBody, type EventListBody, eventPageSchema, type Static } from '@authsvc/client/contract';
import { AuthError, type AuthPorts, listEvents, type StoredEvent } from '@authsvc/core';
import type { FastifyInstance } from 'fastify';

const DEFAULT_PAGE = 100;

/** The audit trail. */
export function addEventRoutes(server: FastifyInstance, ports: AuthPorts): void {
  server.get<{ Querystring: Partial<Static<typeof eventPageSchema>> }>(
    '/events',
    { schema: { querystring: eventPageSchema } },
    async ({ query }): Promise<EventListBody> => {
      const events = await listEvents(ports, {
        email: query.email,
        sinceMs: query.since === undefined ? undefined : readTime(query.since),
        afterId: query.after === undefined ? undefined : readId(query.after),
        newest: query.newest !== undefined,
        limit: Number(query.limit ?? DEFAULT_PAGE),
      });
      return { events: events.map(eventBody) };
    },
  );
}

function eventBody(event: StoredEvent): EventBody {
  return {
    id: event.id,
    at: new Date(event.at).toISOString(),
    type: event.type,
    user_id: event.userId ?? null,
    email: event.email ?? null,
    session_id: event.sessionId ?? null,
    address: event.address ?? null,
    user_agent: event.userAgent ?? null,
    detail: event.detail ?? null,
  };
}

function readTime(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new AuthError('invalid_request', { field: 'since', message: 'since must be a time in ISO 8601' });
}

function readId(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new AuthError('invalid_request', { field: 'after', message: 'after must be the id of an event' });
}
