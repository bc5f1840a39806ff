import { type Credentials, createAuthsvc } from '@authsvc/client';

const authsvc = createAuthsvc({ url: 'http://127.0.0.1:4100', publicUrl: 'https://app.example.com/auth', fetch });

/** As a web framework calls it, and with headers alone, as a server component has them. */
export async function answer(request: Request): Promise<Response> {
  const identity = await authsvc.whoami(request);
  if (!identity) return Response.redirect(authsvc.loginUrl(new URL(request.url).pathname), 302);
  await authsvc.whoami({ headers: request.headers });
  return Response.json({ id: identity.user.id });
}

export async function logIn(request: Request, peer: string): Promise<Response> {
  authsvc.assertSameOrigin(request);
  const { email, password } = (await request.json()) as Credentials;
  const { setCookie } = await authsvc.logIn(request, { email, password }, { peer });
  return new Response(null, { status: 204, headers: setCookie.map((cookie) => ['set-cookie', cookie]) });
}
