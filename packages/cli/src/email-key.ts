import { domainToASCII } from 'node:url';

/**
 * The form by which the service compares two addresses: lower case, the domain in its ASCII form.
 */
export function emailKey(email: string): string {
  const at = email.lastIndexOf('@') + 1;
  const domain = email.slice(at);
  return `${email.slice(0, at)}${domainToASCII(domain) || domain}`.toLowerCase();
}
