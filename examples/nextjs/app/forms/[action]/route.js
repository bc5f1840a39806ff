import { ApiRefusal, AuthsvcError } from '@authsvc/client';
import { authsvc, notes } from '../../authsvc.js';

// Next does not say who connected. In front of it, on this machine, a proxy sets X-Forwarded-For.
const peer = '127.0.0.1';
const forms = { register, login, logout, note };

export async function POST(request, { params }) {
  const { action } = await params;
  if (!Object.hasOwn(forms, action)) return new Response('not found', { status: 404 });
  try {
    // Another site's form could post a note, or log the visitor in to the attacker's account.
    authsvc.assertSameOrigin(request);
    const isSmall = Number(request.headers.get('content-length') ?? Infinity) <= 16 * 1024;
    const form = isSmall && (await request.formData().catch(() => undefined));
    if (!form) return new Response('the form is malformed, or larger than 16 KiB', { status: 400 });
    return await forms[action](request, Object.fromEntries(form));
  } catch (error) {
    if (!(error instanceof AuthsvcError)) throw error;
    if (error instanceof ApiRefusal && error.statusCode < 500) {
      const page = action === 'register' ? 'register' : 'login';
      return goTo(`/${page}?refused=${encodeURIComponent(error.code)}`);
    }
    if (error.statusCode < 500) return new Response(error.message, { status: error.statusCode });
    console.error(error);
    const headers = { 'retry-after': '5' };
    return new Response('The account service does not answer. Try again soon.', { status: 503, headers });
  }
}

async function register(request, { email = '', password = '' }) {
  await authsvc.register(request, { email, password }, { peer });
  return await login(request, { email, password });
}

async function login(request, { email = '', password = '' }) {
  const { setCookie, codeNeeded } = await authsvc.logIn(request, { email, password }, { peer });
  // A second factor is asked for on the service's own page.
  if (codeNeeded) return goTo('/login?refused=second_factor_required');
  return goTo('/note', setCookie);
}

async function logout(request) {
  const { setCookie } = await authsvc.logOut(request, { peer });
  return goTo('/', setCookie);
}

async function note(request, { note = '' }) {
  const identity = await authsvc.whoami(request, { peer });
  if (identity === null) return goTo('/login');
  notes.set(identity.user.id, String(note));
  return goTo('/note');
}

/** A relative address, since Next does not know its public one. */
function goTo(location, setCookie = []) {
  const headers = new Headers({ location, 'cache-control': 'no-store' });
  for (const cookie of setCookie) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}
