import { Credentials } from '../credentials.jsx';

export default function LoginPage({ searchParams }) {
  return <Credentials title="Log in" action="/forms/login" searchParams={searchParams} />;
}
