import { type BodyOf, endpoints } from '@authsvc/client/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { openSessionByCode } from '../../routes/sessions.ts';
import { addFormPage, blank, linkTo } from '../form.ts';
import { leadTo, renderPage } from '../layout.ts';
import { leadOn, loginView } from '../login.ts';
import { describeProblems } from '../problems.ts';
import type { Site } from '../site.ts';
import { textOf } from '../tokens/token-form.ts';
import { codeView } from './code-view.ts';

/** `/login/code`: what the form of {@link codeView} is sent to. */
export function addLoginCodePage(server: FastifyInstance, site: Site): void {
  const toLogin = (request: FastifyRequest) => linkTo('../login', site.readReturnTo(request.query));
  addFormPage<BodyOf<'logInWithCode'>>(server, site, {
    path: '/login/code',
    schema: endpoints.logInWithCode.body,
    onResponse: async () => site.mailOwed(),
    // The token is in the form alone, so there is none to show.
    instead: async (request, reply) => leadTo(reply, toLogin(request)),
    view: (request, filled) => codeView(site, request, filled, { token: tokenIn(request) ?? '', root: '../' }),
    // Without a token that may still be good, a code cannot help.
    refused: (refused) => {
      const { request, reply, refusal } = refused;
      if (tokenIn(request) !== undefined && refusal.body.code !== 'second_factor_expired') return undefined;
      const problems = describeProblems(site, refused);
      const view = loginView(site, request, { ...blank, problems }, '../');
      return renderPage(site, reply, { ...view, hasProblem: true });
    },
    submit: async (request, reply) => {
      await openSessionByCode(site.ports, request, reply, request.body);
      return leadOn(site, request, reply, '../');
    },
  });
}

function tokenIn({ body }: FastifyRequest): string | undefined {
  return textOf((body as Partial<BodyOf<'logInWithCode'>> | null)?.second_factor_token);
}
