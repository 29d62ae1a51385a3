/** Which conversation a content belongs to, and whether it came from whom and to whom it says. */

import type { AccountId } from '../../crypto/account/account-id.ts';
import { compareBytes, equalBytes, utf8 } from '../../crypto/bytes.ts';
import { ProtocolError } from '../../crypto/errors.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import type { Content, ContentSender } from './content.ts';
import { MAX_RECORDS, MAX_RECORDS_BYTES } from './limits.ts';

const DOMAIN = utf8('InteChat conversation v1');

/**
 * The same for both sides.
 * @returns SHA-256("InteChat conversation v1" || both account ids in ascending order), 32 bytes.
 */
export function conversationId(a: AccountId, b: AccountId): Uint8Array {
  return compareBytes(a, b) <= 0 ? sha256(DOMAIN, a, b) : sha256(DOMAIN, b, a);
}

/** Between whom the session is that decrypted a content. */
export interface ContentRoute {
  readonly from: ContentSender;
  readonly to: AccountId;
}

/**
 * Holds a content against the session it came through: a content for somebody else, or of somebody else,
 * must not be passed on as one's own.
 * @throws ProtocolError `content-misrouted`.
 */
export function checkContentRoute(content: Content, route: ContentRoute): void {
  const { sender, recipient, conversation } = content;
  const { from, to } = route;
  const isFromSender = equalBytes(sender.account, from.account) && sender.device === from.device;
  const isForUs = recipient.kind === 'group' || equalBytes(recipient.account, to);
  const expected = recipient.kind === 'group' ? recipient.group : conversationId(from.account, to);
  if (!isFromSender || !isForUs || !equalBytes(conversation, expected)) {
    throw new ProtocolError('content-misrouted', 'a content names another sender, recipient or conversation');
  }
}

/** The records that one content has room for: as many as fit, from record 0 on. */
export function recordsThatFit(records: readonly Uint8Array[]): readonly Uint8Array[] {
  const fitting: Uint8Array[] = [];
  let sizeBytes = 0;
  for (const record of records.slice(0, MAX_RECORDS)) {
    sizeBytes += record.length;
    if (sizeBytes > MAX_RECORDS_BYTES) break;
    fitting.push(record);
  }
  return fitting;
}
