import type { Knex } from 'knex';

/** Times are milliseconds since the Unix epoch; tokens are kept as SHA-256 digests. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.text('id').primary();
    table.text('email').notNullable();
    table.text('email_key').notNullable().unique();
    table.text('password_hash').notNullable();
    table.bigInteger('disabled_at');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at').notNullable();
  });
  await knex.schema.createTable('sessions', (table) => {
    table.text('token_digest').primary();
    table.text('id').notNullable().unique();
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('last_used_at').notNullable().index();
    table.bigInteger('expires_at').notNullable().index();
    table.text('address').notNullable();
    table.text('user_agent');
  });
  await knex.schema.createTable('reset_tokens', (table) => {
    table.text('user_id').primary().references('users.id').onDelete('CASCADE');
    table.text('token_digest').notNullable().unique();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('expires_at').notNullable().index();
  });
  await knex.schema.createTable('events', (table) => {
    table.bigIncrements('id');
    table.bigInteger('at').notNullable().index();
    table.text('type').notNullable();
    // No reference: what happened to an account outlives it.
    table.text('user_id').index();
    table.text('email_digest');
    table.text('session_id');
    table.text('address');
    table.text('user_agent');
    table.text('detail');
  });
}
