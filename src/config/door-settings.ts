import { isIP } from 'node:net';
import type { EnvironmentReader } from './environment-reader.ts';
import { readOrigins } from './origins.ts';

/** Who may come in, from where, and how often. */
export interface DoorSettings {
  /** Origins whose pages may ask, as `URL.origin` writes them; the gateway's own pages always may. */
  readonly allowedOrigins: readonly string[];
  /** Addresses and networks of proxies whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[];
  /** Per minute; 0: no limit. */
  readonly rates: {
    readonly perKey: number;
    readonly perAddress: number;
    readonly failuresPerAddress: number;
  };
  /** At the same time in one process; 0: no limit. */
  readonly sockets: { readonly perKey: number; readonly perAddress: number };
}

/**
 * What one key may ask by default is what a process can do: a fuse against what runs wild, not a quota. Who comes without a
 * key, or with a wrong one, has much less.
 */
const DEFAULTS = {
  RATE_LIMIT_PER_KEY: 1_200_000,
  RATE_LIMIT_PER_ADDRESS: 6_000,
  RATE_LIMIT_WRONG_KEYS: 120,
  SOCKETS_PER_KEY: 20_000,
  SOCKETS_PER_ADDRESS: 20_000,
} as const;

export function readDoors(reader: EnvironmentReader): DoorSettings {
  const count = (name: keyof typeof DEFAULTS) => reader.count(name, DEFAULTS[name]);
  return {
    allowedOrigins: readOrigins(reader, 'ALLOWED_ORIGINS'),
    trustedProxies: readProxies(reader),
    rates: {
      perKey: count('RATE_LIMIT_PER_KEY'),
      perAddress: count('RATE_LIMIT_PER_ADDRESS'),
      failuresPerAddress: count('RATE_LIMIT_WRONG_KEYS'),
    },
    sockets: { perKey: count('SOCKETS_PER_KEY'), perAddress: count('SOCKETS_PER_ADDRESS') },
  };
}

function readProxies(reader: EnvironmentReader): readonly string[] {
  const entries = reader.list('TRUSTED_PROXIES');
  for (const entry of entries.filter((given) => !isAddressOrNetwork(given))) {
    const remedy = 'give one such as 10.0.0.5 or 10.0.0.0/8';
    reader.refuse('TRUSTED_PROXIES', `${JSON.stringify(entry)} is no address; ${remedy}.`);
  }
  return entries;
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  return (
    bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
  );
}
