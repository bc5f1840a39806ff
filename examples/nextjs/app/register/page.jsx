import { Credentials } from '../credentials.jsx';

export default function RegisterPage({ searchParams }) {
  return <Credentials title="Sign up" action="/forms/register" searchParams={searchParams} />;
}
