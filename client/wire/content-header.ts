import { deviceId } from '../../crypto/account/device-id.ts';
import { bytes, message, nested, optional, required, uint, uint53 } from '../../crypto/wire/schema.ts';
import { CONTENT_ID_BYTES, MAX_CONTENT_VERSION } from './limits.ts';

const accountId = bytes({ length: 16 });
const hash = bytes({ length: 32 });

const Sender = message('Sender', {
  account: required(1, accountId),
  device: required(2, deviceId),
});

/** Exactly one of the two. */
const Recipient = message('Recipient', {
  account: optional(1, accountId),
  group: optional(2, hash),
});

const GroupPosition = message('GroupPosition', {
  epoch: required(1, uint53),
  head: required(2, hash),
  stateHash: required(3, hash),
});

/** Everything of a content but its kind. Number 10 is kept free for heads of the key log. */
export const ContentHeader = message('Content', {
  id: required(1, bytes({ length: CONTENT_ID_BYTES })),
  conversation: required(2, hash),
  sender: required(3, nested(Sender)),
  recipient: required(4, nested(Recipient)),
  sentMs: required(5, uint53),
  counter: optional(6, uint53),
  prevHash: optional(7, hash),
  recordSequence: required(8, uint53),
  minVersion: required(9, uint({ max: MAX_CONTENT_VERSION })),
  group: optional(11, nested(GroupPosition)),
});
