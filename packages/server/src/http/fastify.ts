import { createRequire } from 'node:module';
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyServerOptions,
  LogController,
} from 'fastify';
import { countRefusals, measureRequests } from '../metrics/measure-requests.ts';
import type { Measurements } from '../metrics/measurements.ts';
import { limitWaiting } from './connection-limits.ts';
import { addNotFoundHandler, createClientErrorHandler, createErrorHandler } from './errors.ts';
import { addRequestRules, createFrameworkErrorHandler, type RequestRules } from './request-rules.ts';

/** What a client may take of a server: sizes in bytes, times in milliseconds. */
const LIMITS = {
  headers: 16_384,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  /** How often Node checks for requests that timed out. */
  checkInterval: 1000,
} as const;

export interface FastifyOptions
  extends Pick<FastifyServerOptions, 'bodyLimit' | 'forceCloseConnections' | 'loggerInstance' | 'trustProxy'>,
    Pick<FastifyServerOptions, 'rewriteUrl'> {
  readonly log: FastifyBaseLogger;
  /**
   * The rules for every request; with them, the limits apply. The control socket, which only its
   * owner can open, has neither.
   */
  readonly rules?: RequestRules;
  /** How many connections there may be at the same time; unlimited if left out. */
  readonly connections?: number;
  /** Filled by every request; without it nothing is measured. */
  readonly measurements?: Measurements | undefined;
}

/** Makes a server without routes, for clients, the control socket or the metrics. */
export function createFastify({ log, rules, connections, measurements, ...options }: FastifyOptions): FastifyInstance {
  const handleError = createErrorHandler();
  const server = fastify({
    logController: new LogController({ disableRequestLogging: true }),
    // Requests are not logged one by one, so none needs a logger of its own.
    childLoggerFactory: () => log,
    // What reaches an open connection while the service closes is still answered.
    return503OnClosing: false,
    schemaController: lazySchemas,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: true } },
    frameworkErrors: countRefusals(measurements, rules ? createFrameworkErrorHandler(rules, handleError) : handleError),
    clientErrorHandler: createClientErrorHandler(rules?.headers ?? {}),
    ...(rules && {
      requestTimeout: LIMITS.requestTimeout,
      keepAliveTimeout: LIMITS.keepAliveTimeout,
      http: {
        insecureHTTPParser: false,
        // Refused by us, like every other malformed request.
        requireHostHeader: false,
        maxHeaderSize: LIMITS.headers,
        headersTimeout: LIMITS.headersTimeout,
        connectionsCheckingInterval: LIMITS.checkInterval,
      },
    }),
    ...options,
  });
  if (connections !== undefined) server.server.maxConnections = connections;
  if (rules) addRequestRules(server, rules, { timed: measurements !== undefined });
  limitWaiting(server.server);
  if (measurements) measureRequests(server, measurements);
  server.setErrorHandler(countRefusals(measurements, handleError));
  addNotFoundHandler(server);
  return server;
}

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>;

/** What Fastify expects: given its settings, returns a compiler for the schemas of routes. */
type Build<Compiled> = (...settings: readonly unknown[]) => (route: unknown) => Compiled;
type Validate = ((data: unknown) => unknown) & { errors?: unknown };
type Serialize = (data: unknown) => string;

/** Finds the compilers where Fastify itself would. */
const requireAsFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));

/**
 * Fastify's own schema compilers, loaded and run when the first request or response needs them.
 * Otherwise a start takes 1.34 times the processor time, and the control socket's schemas are
 * compiled for nothing.
 */
export const lazySchemas = { compilersFactory: { buildValidator, buildSerializer } } as SchemaController;

function buildValidator(...settings: readonly unknown[]) {
  const compile = once(() => load<Validate>('@fastify/ajv-compiler')(...settings));
  return (route: unknown): Validate => {
    const validate = once(() => compile()(route));
    const validator: Validate = (data) => {
      const answer = validate()(data);
      validator.errors = validate().errors;
      return answer;
    };
    return validator;
  };
}

function buildSerializer(...settings: readonly unknown[]) {
  const compile = once(() => load<Serialize>('@fastify/fast-json-stringify-compiler')(...settings));
  return (route: unknown): Serialize => {
    const serialize = once(() => compile()(route));
    return (data) => serialize()(data);
  };
}

function load<Compiled>(name: string): Build<Compiled> {
  return requireAsFastify(name)();
}

function once<Value extends object>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
