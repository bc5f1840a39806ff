import type { Knex } from 'knex';

/**
 * The one table of one-time tokens. `reset_tokens` stays for one more version, with its rows:
 * instances of version 1.0.0 still write there, and if the rows were copied here, each of those
 * tokens could be used twice.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('one_time_tokens', (table) => {
    table.text('digest').primary();
    table.text('purpose').notNullable();
    // Exactly one of these two names the owner.
    table.text('user_id').references('users.id').onDelete('CASCADE');
    table.text('email_key');
    table.text('issued_by').notNullable();
    table.text('payload').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('expires_at').notNullable().index();
    // When a mail server accepted the mail with this token.
    table.bigInteger('mailed_at');
    table.index(['user_id', 'purpose']);
    table.index(['email_key', 'purpose']);
    table.check('(user_id is null) <> (email_key is null)');
  });
}
