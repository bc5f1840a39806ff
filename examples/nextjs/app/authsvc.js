import { createAuthsvc } from '@authsvc/client';

const { AUTHSVC_INTERNAL_URL = 'http://127.0.0.1:4100', AUTHSVC_PUBLIC_URL } = process.env;
export const authsvc = createAuthsvc({ url: AUTHSVC_INTERNAL_URL, publicUrl: AUTHSVC_PUBLIC_URL, loginPage: '/login' });

// In your application, a table. Key it on the id: an email can change, and then be another user's.
// Next may load a module once for pages and once for route handlers, so a variable would be two.
globalThis.notes ??= new Map();
export const { notes } = globalThis;
