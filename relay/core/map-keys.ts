/** Bytes as keys of maps. */

/** One character per byte: the cheapest text that tells byte strings apart. */
export function binaryText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** One device of one account. */
export function deviceText(account: Uint8Array, device: number): string {
  return String.fromCharCode(...account, device);
}

/** What counts as one network: an IPv4 address, or the first half of an IPv6 one, which one line usually has. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':').toLowerCase();
}
