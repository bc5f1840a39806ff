const messages = new Map([
  ['invalid_credentials', 'wrong email or password'],
  ['second_factor_required', 'this account has a second factor: log in on the page of the account service'],
  ['email_taken', 'email already registered'],
  ['password_rejected', 'the password is too short, or too common'],
  ['rate_limited', 'too many attempts: try again later'],
]);

/** The form of both pages; the route handler leads back here with the code of a refusal. */
export async function Credentials({ title, action, searchParams }) {
  const { refused } = await searchParams;
  return (
    <>
      <h1>{title}</h1>
      {refused && <p role="alert">{messages.get(refused) ?? 'this did not work'}</p>}
      <form method="post" action={action}>
        <p>
          <label>
            Email <input name="email" type="email" autoComplete="username" required />
          </label>
        </p>
        <p>
          <label>
            Password <input name="password" type="password" required />
          </label>
        </p>
        <button type="submit">{title}</button>
      </form>
      <p>
        <a href="/login">Log in</a> or <a href="/register">sign up</a>
      </p>
    </>
  );
}
