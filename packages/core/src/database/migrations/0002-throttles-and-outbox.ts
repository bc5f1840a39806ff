import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('throttles', (table) => {
    table.text('key').primary();
    table.integer('count').notNullable();
    table.bigInteger('until').notNullable();
    table.boolean('noted').notNullable();
    table.bigInteger('expires_at').notNullable().index();
  });
  await knex.schema.createTable('known_addresses', (table) => {
    table.text('user_id').notNullable().references('users.id').onDelete('CASCADE');
    table.text('network').notNullable();
    table.bigInteger('last_login_at').notNullable().index();
    table.primary(['user_id', 'network']);
  });
  await knex.schema.createTable('outbox', (table) => {
    table.text('id').primary();
    table.text('user_id').references('users.id').onDelete('CASCADE').index();
    table.integer('attempts').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('next_attempt_at').notNullable().index();
  });
}
