import type { Knex } from 'knex';
import type { Device } from '../sessions/device.ts';
import type { DeviceReads, DeviceWrites } from '../store.ts';

type DeviceRow = ReturnType<typeof fromDevice>;

function toDevice(row: DeviceRow): Device {
  return {
    digest: row.digest,
    id: row.id,
    userId: row.user_id,
    createdAt: row.created_at,
    lastLoginAt: row.last_login_at,
    expiresAt: row.expires_at,
    address: row.address,
    userAgent: row.user_agent ?? undefined,
  };
}

function fromDevice(device: Device) {
  return {
    digest: device.digest,
    id: device.id,
    user_id: device.userId,
    created_at: device.createdAt,
    last_login_at: device.lastLoginAt,
    expires_at: device.expiresAt,
    address: device.address,
    user_agent: device.userAgent ?? null,
  };
}

export const deviceReads = (read: Knex): DeviceReads => ({
  findDevice: async (digest, userId) => {
    const row = await read<DeviceRow>('devices').where({ digest, user_id: userId }).first();
    return row && toDevice(row);
  },

  listDevices: async (userId) => {
    return (await read<DeviceRow>('devices').where({ user_id: userId }).orderBy('last_login_at', 'desc')).map(toDevice);
  },
});

export function deviceWrites(trx: Knex.Transaction): DeviceWrites {
  const ofUser = (userId: string) => trx<DeviceRow>('devices').where({ user_id: userId });
  return {
    saveDevice: async (device, kept) => {
      await trx('devices').insert(fromDevice(device)).onConflict('digest').merge();
      // One that was there already leaves as many as there were.
      if (device.createdAt !== device.lastLoginAt) return;
      // The new one stays, also beside those of a clock that was ahead.
      const others = () => ofUser(device.userId).whereNot({ digest: device.digest });
      // Those that came back go last: each login of a script makes one that never does.
      const stays = others()
        .orderByRaw('case when created_at = last_login_at then 1 else 0 end, last_login_at desc, digest')
        .limit(kept - 1);
      await others().whereNotIn('digest', stays.select('digest')).delete();
    },

    deleteDevice: async (id, userId) => (await ofUser(userId).where({ id }).delete()) === 1,

    deleteDevicesOfUser: (userId, exceptDigest = '') => ofUser(userId).whereNot({ digest: exceptDigest }).delete(),
  };
}
