/** What a mailer throws; nodemailer's names. */
interface MailError {
  readonly code?: string;
  readonly originalCode?: string;
  /** The SMTP command that failed, such as `RCPT TO`; `CONN` before the first. */
  readonly command?: string;
  /** The server's answer: it may quote what was sent to it. */
  readonly response?: string;
}

const LONGEST_ANSWER = 200;
/** A server that answers with megabytes must not cost as many steps squared. */
const LONGEST_READ = 4000;
const TLS_FAILURE = /CERT|TLS|SSL|SELF_SIGNED|SIGNATURE/;

/**
 * Describes why a mail was not sent: what failed, at which step, and what the server said, without
 * addresses and without what a secret may be in.
 *
 * @param secrets texts that are taken out wherever they stand.
 */
export function describeMailFailure(error: unknown, secrets: readonly string[]): string {
  const { code, originalCode, response } = error as MailError;
  const reason = originalCode === undefined ? (code ?? 'error') : `${code} (${originalCode})`;
  const step = stepOf(error as MailError);
  const answer = response === undefined ? '' : redact(response, secrets);
  return `${reason}${step === undefined ? '' : ` at ${step}`}${answer === '' ? '' : `: ${answer}`}`;
}

function stepOf({ code, originalCode = '', command }: MailError): string | undefined {
  if (code === 'ETLS' || TLS_FAILURE.test(originalCode)) return 'TLS';
  const [step] = command?.split(' ') ?? [];
  if (step === 'CONN') return 'connect';
  // Asked again by HELO, a server has refused EHLO before.
  if (step === 'HELO') return 'EHLO';
  return step === 'API' ? undefined : step;
}

function redact(response: string, secrets: readonly string[]): string {
  let text = response.slice(0, LONGEST_READ).replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ');
  for (const secret of secrets) {
    const escaped = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    text = text.replace(new RegExp(escaped, 'gi'), '…');
  }
  return (
    text
      // An address, quoted or not, also where its @ is encoded.
      .replace(/"[^"]*"@\S+|[^\s<>"'(]*(?:@|%40|=40)[^\s>"')]*/gi, '<address>')
      // Tokens, and what holds one in another encoding.
      .replace(/[\w+/=-]{24,}/g, '…')
      .trim()
      .slice(0, LONGEST_ANSWER)
  );
}
