import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

// By default /auth on this origin. Without a proxy, set VITE_AUTH_URL=http://localhost:4100
const auth = import.meta.env.VITE_AUTH_URL ?? '/auth';

async function ask(method, path, form) {
  const headers = form && { 'Content-Type': 'application/json' };
  const signal = AbortSignal.timeout(10_000);
  try {
    const body = form && JSON.stringify(form);
    const answer = await fetch(auth + path, { method, headers, body, credentials: 'include', signal });
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return { status: 503, message: 'The account service does not answer. Try again soon.' };
  }
}

function App() {
  const [answer, setAnswer] = useState();
  const load = () => ask('GET', '/whoami').then(setAnswer);
  useEffect(() => {
    ask('GET', '/whoami').then(setAnswer);
  }, []);
  const { status, user } = answer ?? {};
  const isAway = answer && status !== 200 && status !== 401;
  return (
    <>
      <h1>A small application</h1>
      <p>This paragraph is public. Your note is for you alone.</p>
      {status === 200 && <Note user={user} onLogOut={load} />}
      {status === 401 && <Credentials onLogIn={load} />}
      {isAway && <p role="alert">The account service does not answer. Try again soon.</p>}
    </>
  );
}

function Credentials({ onLogIn }) {
  const [message, setMessage] = useState('');
  async function submit(event) {
    event.preventDefault();
    const form = Object.fromEntries(new FormData(event.currentTarget));
    const isNew = event.nativeEvent.submitter.value === 'register';
    let answer = isNew ? await ask('POST', '/users', form) : { status: 200 };
    if (answer.status === 200) answer = await ask('POST', '/sessions', form);
    if (answer.code === 'second_factor_required') {
      const code = prompt('The code of your second factor, or a recovery code') ?? '';
      answer = await ask('POST', '/sessions/second_factor', { second_factor_token: answer.second_factor_token, code });
    }
    if (answer.status === 200) await onLogIn();
    else setMessage(answer.message);
  }
  return (
    <form onSubmit={submit}>
      <p>
        <label>
          Email <input name="email" type="email" autoComplete="username" required />
        </label>
      </p>
      <p>
        <label>
          Password <input name="password" type="password" autoComplete="current-password" required />
        </label>
      </p>
      <button type="submit">Log in</button>
      <button type="submit" value="register">
        Sign up
      </button>
      <p role="alert">{message}</p>
    </form>
  );
}

/**
 * A page guards nothing, since visitors have all of it: the note stays in this browser. A backend
 * guards rows, and keys them on the id as well.
 */
function Note({ user, onLogOut }) {
  const key = `note of ${user.id}`;
  function save(event) {
    event.preventDefault();
    localStorage.setItem(key, new FormData(event.currentTarget).get('note'));
  }
  async function logOut() {
    await ask('DELETE', '/sessions');
    await onLogOut();
  }
  return (
    <form onSubmit={save}>
      <h2>Hello, {user.email}</h2>
      <p>
        <label>
          Your note <textarea name="note" defaultValue={localStorage.getItem(key) ?? ''} />
        </label>
      </p>
      <button type="submit">Save</button>
      <button type="button" onClick={logOut}>
        Log out
      </button>
    </form>
  );
}

createRoot(document.querySelector('#root')).render(<App />);
