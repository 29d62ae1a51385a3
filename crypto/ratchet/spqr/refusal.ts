import { ProtocolError } from '../../errors.ts';

/** Every refusal of a received message has the same code: the sender must not learn the reason. */
export function invalidMessage(why: string): ProtocolError {
  return new ProtocolError('invalid-message', `post-quantum ratchet: ${why}`);
}
