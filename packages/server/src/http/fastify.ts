import { createRequire } from 'node:module';
import type { FastifyServerOptions } from 'fastify';

type SchemaController = NonNullable<FastifyServerOptions['schemaController']>;

/** What Fastify asks for: for its settings, what makes a function of the schema of a route. */
type Build<Compiled> = (...settings: readonly unknown[]) => (route: unknown) => Compiled;
type Validate = ((data: unknown) => unknown) & { errors?: unknown };
type Serialize = (data: unknown) => string;

/** As Fastify itself finds its compilers. */
const requireAsFastify = createRequire(createRequire(import.meta.url).resolve('fastify'));

/**
 * Fastify's own compilers of schemas, loaded and run when the first request or answer needs them: otherwise a start waits for them for a quarter of its time, and the
 * control socket's schemas are compiled for nobody.
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
