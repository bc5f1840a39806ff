'use client';

export default function ErrorPage() {
  return (
    <>
      <h1>Try again soon</h1>
      <p role="alert">The account service does not answer.</p>
    </>
  );
}
