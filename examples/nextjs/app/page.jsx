export default function Home() {
  return (
    <>
      <h1>A small application</h1>
      <p>
        This page is public. <a href="/note">Your note</a> is for you alone.
      </p>
    </>
  );
}
