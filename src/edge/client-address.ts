import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** Finds out from where a request comes. */
export type AddressOf = (request: IncomingMessage) => string;

/** A customer of IPv6 has a network of this many bits, and as many addresses in it as they like. */
const IPV6_CUSTOMER_WORDS = 4;

/**
 * Who a request comes from: the peer, or, when that is a proxy which is trusted, whom it names in X-Forwarded-For, and so on.
 * What others write there is not believed. Of IPv6 it is the network, which is what one customer has.
 */
export function addressesBehind(trustedProxies: readonly string[]): AddressOf {
  const trusted = blockListOf(trustedProxies);
  const isTrusted = (address: string) => trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return ({ socket, headers }) => {
    let address = plain(socket.remoteAddress ?? '');
    const named = String(headers['x-forwarded-for'] ?? '').split(',');
    while (isIP(address) !== 0 && isTrusted(address)) {
      const next = plain(named.pop()?.trim() ?? '');
      if (isIP(next) === 0) break;
      address = next;
    }
    return customerOf(address);
  };
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

/** An IPv4 address that came in over IPv6 is the same one. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function customerOf(address: string): string {
  if (!isIPv6(address)) return address;
  const words = expand(address.split('%')[0] ?? '');
  return `${words.slice(0, IPV6_CUSTOMER_WORDS).join(':')}::/64`;
}

function expand(address: string): string[] {
  const [head = '', tail] = address.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: missing }, () => '0'), ...after].map((word) =>
    word.replace(/^0+(?=.)/, '').toLowerCase(),
  );
}
