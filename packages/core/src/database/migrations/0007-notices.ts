import type { Knex } from 'knex';

/** Owners hear of changes, may say that it was not them, and have browsers that are known. */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    table.bigInteger('locked_at');
    // Since when complete logins are noted: the first of them is no news to its owner.
    table.bigInteger('noticed_since');
  });
  await knex.schema.createTable('devices', (table) => {
    table.text('digest').primary();
    table.text('id').notNullable().unique();
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('last_login_at').notNullable();
    table.bigInteger('expires_at').notNullable().index();
    table.text('address').notNullable();
    table.text('user_agent');
  });
  await knex.schema.createTable('reserved_addresses', (table) => {
    table.text('email_key').primary();
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE').index();
    table.bigInteger('expires_at').notNullable().index();
  });
  await knex.schema.alterTable('recovery_codes', (table) => {
    // Those that a thief made go when the account is taken back.
    table.bigInteger('created_at');
  });
  await knex.schema.alterTable('mails', (table) => {
    // Of a notice: where it came from.
    table.text('address');
    table.text('user_agent');
  });
}
