import type { Knex } from 'knex';

/**
 * Mails of every kind have a table of their own, without a reference to an account that may not be
 * there. `outbox` stays for one more version: instances of version 1.0.0 still write there, and
 * would drop or misread the other kinds.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable('mails', (table) => {
    table.text('id').primary();
    table.text('kind').notNullable();
    table.text('email').notNullable();
    table.text('email_key').notNullable().index();
    table.text('user_id').references('users.id').onDelete('CASCADE').index();
    table.text('role');
    table.integer('attempts').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('next_attempt_at').notNullable().index();
  });

  // How a token left says more than who asked for it: only a mailed one proves a mailbox.
  await knex.raw('alter table one_time_tokens rename column issued_by to delivery');
  await knex('one_time_tokens').where({ delivery: 'operator' }).update({ delivery: 'printed' });
  await knex('one_time_tokens')
    .where({ delivery: 'request' })
    .update({ delivery: knex.raw("case when mailed_at is null then 'answered' else 'mailed' end") });

  await knex.schema.createTable('defaults', (table) => {
    table.text('setting').primary();
    table.text('value').notNullable();
  });
  // Accounts that were made without a proof: their database stays as it was until someone chooses.
  const user = await knex('users').first('id');
  if (user) await knex('defaults').insert({ setting: 'email_verification', value: 'off' });

  await knex.schema.alterTable('users', (table) => {
    // Kept for users whose known addresses were forgotten since; see the housekeeping.
    table.bigInteger('last_login_at');
  });
  await knex.schema.alterTable('known_addresses', (table) => {
    // Missing for an address that is known by a reset alone.
    table.bigInteger('logged_in_at');
  });
  await knex('known_addresses').update({ logged_in_at: knex.ref('last_login_at') });
}
