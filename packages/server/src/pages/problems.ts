import { AuthError, type AuthErrorCode } from '@authsvc/core';
import type { FastifyError } from 'fastify';
import type { RefusedPage } from '../http/errors.ts';
import { texts } from '../texts/texts.ts';
import type { Site } from './site.ts';

/** What went wrong with a form, in words. */
export interface Problems {
  /** Of the form as a whole. */
  readonly form: readonly string[];
  /** Of fields, by their names. */
  readonly fields: Readonly<Record<string, string>>;
}

export const noProblems: Problems = { form: [], fields: {} };

/**
 * Says what a refusal means for a form.
 *
 * @param fieldOf the fields at fault where the rules name none.
 */
export function describeProblems(
  site: Site,
  { error, refusal }: Pick<RefusedPage, 'error' | 'refusal'>,
  fieldOf: Partial<Record<AuthErrorCode, string>> = {},
): Problems {
  const { validation } = error as Partial<FastifyError>;
  if (validation) return ofSchema(validation);
  const { code } = refusal.body;
  if (code === 'rate_limited') return ofForm(texts.pages.problems.tooMany(Number(refusal.headers['retry-after'])));
  if (!(error instanceof AuthError)) return ofForm(texts.pages.problems.refusals[code]);
  const field = fieldOf[error.code] ?? error.field;
  const text = textOf(site, error, fieldOf.invalid_credentials !== undefined) ?? texts.pages.problems.refusals[code];
  return field === undefined ? ofForm(text) : { form: [], fields: { [field]: text } };
}

function textOf({ ports }: Site, error: AuthError, isConfirmed: boolean): string | undefined {
  if (error.code === 'invalid_request' && error.field?.endsWith('email')) return texts.pages.problems.email;
  // The rules tell a used code, and a clock that is off, by their messages alone.
  if (error.code === 'invalid_code' && /used already/.test(error.message)) return texts.pages.problems.usedCode;
  if (error.code === 'invalid_code' && /clock/.test(error.message)) return texts.pages.problems.wrongClock;
  if (error.code === 'invalid_credentials' && isConfirmed) return texts.pages.problems.wrongPassword;
  if (error.passwordProblem === undefined) return undefined;
  if (error.passwordProblem === 'too_short')
    return texts.pages.problems.passwords.too_short(ports.policy.password.minLength);
  return texts.pages.problems.passwords[error.passwordProblem];
}

function ofForm(text: string): Problems {
  return { form: [text], fields: {} };
}

function ofSchema(errors: NonNullable<FastifyError['validation']>): Problems {
  const fields: Record<string, string> = {};
  for (const { keyword, instancePath, params } of errors) {
    const name = String(params.missingProperty ?? instancePath.slice(1));
    if (!isFieldName(name, texts.pages.problems.missing)) continue;
    fields[name] =
      keyword === 'maxLength' ? texts.pages.problems.tooLong(Number(params.limit)) : texts.pages.problems.missing[name];
  }
  return Object.keys(fields).length > 0 ? { form: [], fields } : ofForm(texts.pages.problems.refusals.invalid_request);
}

function isFieldName<Names extends object>(name: string, names: Names): name is Extract<keyof Names, string> {
  return Object.hasOwn(names, name);
}
