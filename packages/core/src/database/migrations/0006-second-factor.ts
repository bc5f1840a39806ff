import type { Knex } from 'knex';

/**
 * That an account has a factor stands in its own row too: a login reads that row anyway, and asks
 * for no other table.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.bigInteger('second_factor_at');
  });
  await knex.schema.alterTable('sessions', (table) => {
    table.text('methods').notNullable().defaultTo('password');
  });

  await knex.schema.createTable('totp_factors', (table) => {
    table.text('user_id').primary().references('users.id').onDelete('CASCADE');
    table.text('secret').notNullable();
    table.bigInteger('last_step').notNullable();
  });
  await knex.schema.createTable('recovery_codes', (table) => {
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.text('digest').notNullable();
    table.primary(['user_id', 'digest']);
  });
  await knex.schema.createTable('pending_totp', (table) => {
    table.text('session_digest').primary().references('sessions.token_digest').onDelete('CASCADE');
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.text('secret').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('expires_at').notNullable().index();
  });
  await knex.schema.createTable('pending_logins', (table) => {
    table.text('digest').primary();
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.integer('tries').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('expires_at').notNullable().index();
  });
}
