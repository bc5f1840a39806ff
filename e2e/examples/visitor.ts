import { type Answer, send } from '../support/http-client.mjs';

/**
 * A person before a page, as a server sees one: a browser's headers, and its cookies.
 *
 * @param url the application's, as in the address bar
 */
export function openVisitor(url: string) {
  const cookies = new Map<string, string>();
  const ask = async (target: string, headers: Readonly<Record<string, string>>, form?: Record<string, string>) => {
    const sent = { ...headers, ...(cookies.size > 0 && { cookie: [...cookies.values()].join('; ') }) };
    const answer = await send(url, target, { headers: sent, ...(form && { form }) });
    for (const pair of answer.cookies) {
      const [name = ''] = pair.split('=', 1);
      if (pair.endsWith('=')) cookies.delete(name);
      else cookies.set(name, pair);
    }
    return answer;
  };
  const asPage = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };
  return {
    /** The session cookie that it was given last, as `name=value`; empty without one. */
    cookie: () => [...cookies].find(([name]) => name.endsWith('session_id'))?.[1] ?? '',
    open: (path: string): Promise<Answer> => ask(`GET ${path}`, { ...asPage, 'sec-fetch-site': 'none' }),
    /** Sends a form of the application's own page, or as a page elsewhere would. */
    submit: (path: string, form: Record<string, string>, from = ownPage(url)): Promise<Answer> =>
      ask(`POST ${path}`, { ...asPage, ...from }, form),
  };
}

export type Visitor = ReturnType<typeof openVisitor>;

/** What a browser says of a form on a page of this origin. */
function ownPage(origin: string): Readonly<Record<string, string>> {
  return { origin, 'sec-fetch-site': 'same-origin' };
}
