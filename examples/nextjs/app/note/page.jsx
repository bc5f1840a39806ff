import { headers } from 'next/headers';
import { redirect } from 'next/navigation';
import { authsvc, notes } from '../authsvc.js';

/** Asks whose request it is, every time. Without an answer it throws, and error.jsx is shown. */
export default async function NotePage() {
  const identity = await authsvc.whoami({ headers: await headers() });
  if (identity === null) redirect('/login');
  const { id, email } = identity.user;
  return (
    <>
      <h1>Hello, {email}</h1>
      <form method="post" action="/forms/note">
        <p>
          <label>
            Your note <textarea name="note" defaultValue={notes.get(id)} />
          </label>
        </p>
        <button type="submit">Save</button>
      </form>
      <form method="post" action="/forms/logout">
        <button type="submit">Log out</button>
      </form>
    </>
  );
}
