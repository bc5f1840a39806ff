-- Made by version 1.0.0 (commit 0c74096) itself: see make-old-database.mjs.
CREATE TABLE public.events (
    id bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL,
    user_id text,
    email_digest text,
    session_id text,
    address text,
    user_agent text,
    detail text
);
CREATE SEQUENCE public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.events_id_seq OWNED BY public.events.id;
CREATE TABLE public.known_addresses (
    user_id text NOT NULL,
    network text NOT NULL,
    last_login_at bigint NOT NULL
);
CREATE TABLE public.migrations (
    id integer NOT NULL,
    name character varying(255),
    batch integer,
    migration_time timestamp with time zone
);
CREATE SEQUENCE public.migrations_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.migrations_id_seq OWNED BY public.migrations.id;
CREATE TABLE public.migrations_lock (
    index integer NOT NULL,
    is_locked integer
);
CREATE SEQUENCE public.migrations_lock_index_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.migrations_lock_index_seq OWNED BY public.migrations_lock.index;
CREATE TABLE public.outbox (
    id text NOT NULL,
    user_id text,
    attempts integer NOT NULL,
    created_at bigint NOT NULL,
    next_attempt_at bigint NOT NULL
);
CREATE TABLE public.reset_tokens (
    user_id text NOT NULL,
    token_digest text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.sessions (
    token_digest text NOT NULL,
    id text NOT NULL,
    user_id text NOT NULL,
    created_at bigint NOT NULL,
    last_used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    address text NOT NULL,
    user_agent text
);
CREATE TABLE public.throttles (
    key text NOT NULL,
    count integer NOT NULL,
    until bigint NOT NULL,
    noted boolean NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.users (
    id text NOT NULL,
    email text NOT NULL,
    email_key text NOT NULL,
    password_hash text NOT NULL,
    disabled_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
ALTER TABLE ONLY public.events ALTER COLUMN id SET DEFAULT nextval('public.events_id_seq'::regclass);
ALTER TABLE ONLY public.migrations ALTER COLUMN id SET DEFAULT nextval('public.migrations_id_seq'::regclass);
ALTER TABLE ONLY public.migrations_lock ALTER COLUMN index SET DEFAULT nextval('public.migrations_lock_index_seq'::regclass);
INSERT INTO public.events VALUES (1, 1795948876095, 'user_registered', 'f143b282-d4e3-4659-aa6c-bafd27218261', 'tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (2, 1795948876344, 'user_registered', '65f5b593-36ea-4a48-a3a7-9e6be54d890b', 'X_hgvxGQWWxxiKuFHbaR8PMWnEU5Nunh66L5pH96ABg', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (3, 1795948876476, 'user_registered', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (4, 1795948876621, 'user_registered', '9e67b5dd-b25b-49dc-8c54-be368302fca7', 'yM9lIcGT_HQ8f63Ni-BOmDckdk76ZbPDkTttIvCGoR8', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (5, 1795948876875, 'user_registered', 'd20e6d2f-342b-4e4e-8d20-fcff6080c6f6', 'QFNAzZrJSwi5OACu4_DbLdZzJWvDGJh-UeF361PMobI', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (6, 1795948877372, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (7, 1795948877663, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (8, 1795948877899, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (9, 1795948878126, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (10, 1795948878402, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (11, 1795948878725, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (12, 1795948879956, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (13, 1795948879989, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (14, 1795948882211, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (15, 1795948882253, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (16, 1795948886555, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (17, 1795948886642, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (18, 1795948894768, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (19, 1795948894798, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (20, 1795948911382, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (21, 1795948911421, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (22, 1795948943731, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (23, 1795948943799, 'login_throttled', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (24, 1795949008057, 'login_failed', '18a76726-faeb-44c5-9b2a-ce5bebbd706a', '4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (25, 1795949008199, 'login_succeeded', 'f143b282-d4e3-4659-aa6c-bafd27218261', 'tfyF5VdV-eDQMKEKtEKbaylEhV-aDWAHf-gyvsvEHXI', '056544a7-0d49-4d09-92d5-34e9b236cffc', '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (26, 1795949008237, 'password_reset_requested', '65f5b593-36ea-4a48-a3a7-9e6be54d890b', 'X_hgvxGQWWxxiKuFHbaR8PMWnEU5Nunh66L5pH96ABg', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (27, 1795949008778, 'user_disabled', 'd20e6d2f-342b-4e4e-8d20-fcff6080c6f6', 'QFNAzZrJSwi5OACu4_DbLdZzJWvDGJh-UeF361PMobI', NULL, NULL, NULL, 'operator');
INSERT INTO public.events VALUES (28, 1795949010873, 'password_reset_requested', '9e67b5dd-b25b-49dc-8c54-be368302fca7', 'yM9lIcGT_HQ8f63Ni-BOmDckdk76ZbPDkTttIvCGoR8', NULL, '127.0.0.1', NULL, NULL);
INSERT INTO public.events VALUES (29, 1795949011167, 'reset_mail_failed', '9e67b5dd-b25b-49dc-8c54-be368302fca7', 'yM9lIcGT_HQ8f63Ni-BOmDckdk76ZbPDkTttIvCGoR8', NULL, NULL, NULL, 'ESOCKET');
INSERT INTO public.known_addresses VALUES ('f143b282-d4e3-4659-aa6c-bafd27218261', '127.0.0.1', 1795949008196);
INSERT INTO public.migrations VALUES (1, '0001-accounts', 1, '2026-11-29 10:43:32.693+00');
INSERT INTO public.migrations VALUES (2, '0002-throttles-and-outbox', 1, '2026-11-29 10:43:32.726+00');
INSERT INTO public.migrations_lock VALUES (1, 0);
INSERT INTO public.outbox VALUES ('3ee4603e-c357-41f2-9ea9-5f1b311996f6', '9e67b5dd-b25b-49dc-8c54-be368302fca7', 1, 1795949010827, 1795949040934);
INSERT INTO public.reset_tokens VALUES ('65f5b593-36ea-4a48-a3a7-9e6be54d890b', 'trgfMJtTe_Fva0f9snB1zdCiC7llg6d89fdTw8xV3xE', 1795949008234, 1795949608234);
INSERT INTO public.reset_tokens VALUES ('9e67b5dd-b25b-49dc-8c54-be368302fca7', 'gCYWjKI0G1ulx0ooDlJp1xJz5GtSa9yK4oX75HblOpU', 1795949010934, 1795950810934);
INSERT INTO public.sessions VALUES ('B4njGtrR9r5pdZGsy7fwD4Uw6GW8r7461Vx9BumbSGk', '056544a7-0d49-4d09-92d5-34e9b236cffc', 'f143b282-d4e3-4659-aa6c-bafd27218261', 1795949008196, 1795949008196, 1798541008196, '127.0.0.1', NULL);
INSERT INTO public.throttles VALUES ('login:account:4NR8obweti5lD8H9Zgqb-_fLqNxjN9gd9-qaqQcaJKU', 12, 1795949135902, false, 1796035407902);
INSERT INTO public.throttles VALUES ('reset-mail:account:yM9lIcGT_HQ8f63Ni-BOmDckdk76ZbPDkTttIvCGoR8', 1, 1795952610827, false, 1795952610827);
INSERT INTO public.users VALUES ('18a76726-faeb-44c5-9b2a-ce5bebbd706a', 'carol@example.com', 'carol@example.com', '$2b$10$eLQg4QXl1ifm2xEQn9AV3uJrkVsCzKYaa6iiB7gvaNofeJIJObGmW', NULL, 1795948876473, 1795948876473);
INSERT INTO public.users VALUES ('65f5b593-36ea-4a48-a3a7-9e6be54d890b', 'bob@example.com', 'bob@example.com', '$2b$10$1daBUVJOclz29gxL0MdtGela5rjr2Uh51Xm.7NrXAWDnF9rWimx6W', NULL, 1795948876342, 1795948876342);
INSERT INTO public.users VALUES ('9e67b5dd-b25b-49dc-8c54-be368302fca7', 'dan@example.com', 'dan@example.com', '$2b$10$LjbFB3IgknG3tsGwD3KKG.5vlabB0ylTDAqpI7vDYjJprVoXWE7WG', NULL, 1795948876614, 1795948876614);
INSERT INTO public.users VALUES ('d20e6d2f-342b-4e4e-8d20-fcff6080c6f6', 'erin@example.com', 'erin@example.com', '$2b$10$CZHv9FohCwFE2e5BIwV7JOuMHVjBe//xe8KSHuodJF98CVNR1X3dK', 1795949008758, 1795948876870, 1795948876870);
INSERT INTO public.users VALUES ('f143b282-d4e3-4659-aa6c-bafd27218261', 'ada@example.com', 'ada@example.com', '$2b$10$6wwFrZM81e76NV0ZaA5q6.LegXRiG3GADwoHmGQX8/8ODAQ5YDvX6', NULL, 1795948876088, 1795948876088);
SELECT pg_catalog.setval('public.events_id_seq', 29, true);
SELECT pg_catalog.setval('public.migrations_id_seq', 2, true);
SELECT pg_catalog.setval('public.migrations_lock_index_seq', 1, true);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_pkey PRIMARY KEY (user_id, network);
ALTER TABLE ONLY public.migrations_lock
    ADD CONSTRAINT migrations_lock_pkey PRIMARY KEY (index);
ALTER TABLE ONLY public.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.reset_tokens
    ADD CONSTRAINT reset_tokens_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.reset_tokens
    ADD CONSTRAINT reset_tokens_token_digest_unique UNIQUE (token_digest);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_id_unique UNIQUE (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_digest);
ALTER TABLE ONLY public.throttles
    ADD CONSTRAINT throttles_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key_unique UNIQUE (email_key);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
CREATE INDEX events_at_index ON public.events USING btree (at);
CREATE INDEX events_user_id_index ON public.events USING btree (user_id);
CREATE INDEX known_addresses_last_login_at_index ON public.known_addresses USING btree (last_login_at);
CREATE INDEX outbox_next_attempt_at_index ON public.outbox USING btree (next_attempt_at);
CREATE INDEX outbox_user_id_index ON public.outbox USING btree (user_id);
CREATE INDEX reset_tokens_expires_at_index ON public.reset_tokens USING btree (expires_at);
CREATE INDEX sessions_expires_at_index ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_last_used_at_index ON public.sessions USING btree (last_used_at);
CREATE INDEX sessions_user_id_index ON public.sessions USING btree (user_id);
CREATE INDEX throttles_expires_at_index ON public.throttles USING btree (expires_at);
ALTER TABLE ONLY public.known_addresses
    ADD CONSTRAINT known_addresses_user_id_foreign FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_user_id_foreign FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.reset_tokens
    ADD CONSTRAINT reset_tokens_user_id_foreign FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_foreign FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;
