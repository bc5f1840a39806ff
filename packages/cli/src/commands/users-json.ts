const ID = '5b0c1c9e-1f0a-4f6e-9d53-0d5f4a1f1c11';

/** An account and a session as the help publishes them. */
export const USER_JSON = `{"id":"${ID}","email":"ada@example.com","email_verified":false,"role":"user","created_at":"2026-11-22T16:40:00.000Z","updated_at":"2026-11-22T16:40:00.000Z","disabled_at":null}`;
export const SESSION_JSON = `{"id":"${ID}","created_at":"2026-11-22T16:40:00.000Z","last_used_at":"2026-11-22T16:40:00.000Z","expires_at":"2026-12-22T16:40:00.000Z","address":"127.0.0.1","user_agent":"authsvc"}`;
