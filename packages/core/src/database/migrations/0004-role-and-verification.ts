import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('users', (table) => {
    // The defaults are also for instances of version 1.0.0 that still run beside this one.
    table.text('role').notNullable().defaultTo('user');
    table.boolean('email_verified').notNullable().defaultTo(false);
  });
}
