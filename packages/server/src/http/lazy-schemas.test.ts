import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { lazySchemas } from './fastify.ts';

describe('lazySchemas', () => {
  it('validate and serialize as Fastify does by itself', async () => {
    const answers = [];
    for (const options of [{}, { schemaController: lazySchemas }]) {
      const server = fastify(options);
      const text = { type: 'object', properties: { name: { type: 'string', maxLength: 5 } }, required: ['name'] };
      const schema = { body: text, response: { 200: { ...text, additionalProperties: false } } };
      server.post('/', { schema }, async () => ({ name: 'anyone', secret: 'dropped' }));
      for (const payload of [{ name: 'Ada' }, { name: 'Augusta' }, {}, { name: 'Ada' }]) {
        const { statusCode, body } = await server.inject({ method: 'POST', url: '/', payload });
        answers.push({ statusCode, body });
      }
      await server.close();
    }
    expect(answers.slice(4)).toEqual(answers.slice(0, 4));
    expect(answers.slice(4).map(({ statusCode }) => statusCode)).toEqual([200, 400, 400, 200]);
    expect(answers[4]?.body).toBe('{"name":"anyone"}');
  });

  it('compile nothing before it is needed', async () => {
    const server = fastify({ schemaController: lazySchemas });
    server.get('/', { schema: { response: { 200: { type: 'no such type' } } } }, async () => ({}));
    await server.ready();
    expect((await server.inject('/')).statusCode).toBe(500);
    await server.close();
  });
});
