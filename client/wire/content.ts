/**
 * Contents: what one person's client tells another's, inside the ciphertext.
 *
 * @see docs/wire-content.md
 */

import { type AccountId, parseAccountId } from '../../crypto/account/account-id.ts';
import { concatBytes, isZero, utf8 } from '../../crypto/bytes.ts';
import { CodecError } from '../../crypto/errors.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { fieldBytes, type ProtobufField, ProtobufReader } from '../../crypto/wire/protobuf.ts';
import { ContentHeader } from './content-header.ts';
import {
  type ContentBody,
  contentKinds,
  decodeBody,
  encodeBody,
  FIRST_KIND_FIELD,
  kindByField,
} from './content-kinds.ts';
import { CONTENT_VERSION, MAX_CONTENT_BYTES } from './limits.ts';

export interface ContentSender {
  readonly account: AccountId;
  readonly device: number;
}

export type ContentRecipient =
  | { readonly kind: 'account'; readonly account: AccountId }
  | { readonly kind: 'group'; readonly group: Uint8Array };

/** Position among the contents of one device in one conversation that make or change a visible message. */
export interface ContentLink {
  /** From 1. */
  readonly counter: number;
  /** `contentHash` of the content before, 32 zero bytes before the first. */
  readonly prevHash: Uint8Array;
}

/** Which state of the group the sender saw. */
export interface GroupPosition {
  readonly epoch: number;
  readonly head: Uint8Array;
  readonly stateHash: Uint8Array;
}

/** A content that this version cannot show: its bytes are kept, and shown once a newer program reads them. */
export interface UnknownBody {
  readonly kind: 'unknown';
  readonly field: number;
}

interface ContentFacts {
  /** 16 bytes, chosen by the sender; the same id again is the same content. */
  readonly id: Uint8Array;
  /** 32 bytes. */
  readonly conversation: Uint8Array;
  readonly sender: ContentSender;
  readonly recipient: ContentRecipient;
  readonly sentMs: number;
  readonly link?: ContentLink;
  /** Sequence of the sender's newest account record. */
  readonly recordSequence: number;
  readonly group?: GroupPosition;
}

/** What can be sent. */
export interface OutgoingContent extends ContentFacts {
  readonly body: ContentBody;
}

/** What can arrive. */
export interface Content extends ContentFacts {
  /** The least version that understands this content. */
  readonly minVersion: number;
  readonly body: ContentBody | UnknownBody;
}

const HASH_DOMAIN = utf8('InteChat content v1');

/**
 * Encodes a content without padding; these bytes are hashed, kept in history and padded for sending.
 * @throws CodecError of the schema, `too-long`, `bad-content-link`, `bad-group-position`.
 */
export function encodeContent(content: OutgoingContent): Uint8Array {
  const { id, conversation, sender, recipient, sentMs, link, recordSequence, group, body } = content;
  checkLink(body, link);
  checkGroup(recipient, group);
  const header = ContentHeader.encode({
    id,
    conversation,
    sender,
    recipient: recipient.kind === 'account' ? { account: recipient.account } : { group: recipient.group },
    sentMs,
    recordSequence,
    minVersion: CONTENT_VERSION,
    ...(link === undefined ? {} : { counter: link.counter, prevHash: link.prevHash }),
    ...(group === undefined ? {} : { group }),
  });
  const encoded = concatBytes(header, encodeBody(body));
  if (encoded.length > MAX_CONTENT_BYTES) throw tooLong(encoded.length);
  return encoded;
}

/**
 * Reads the bytes that `unpadContent` returned. The values are views of them.
 * A kind that is unknown, or any kind of a content for later versions, comes as `unknown`.
 * @throws CodecError of the schema, `too-long`, `missing-kind`, `too-many-kinds`, `bad-content-link`,
 * `bad-group-position`, `bad-recipient`, `bad-account-id`.
 */
export function decodeContent(encoded: Uint8Array): Content {
  if (encoded.length > MAX_CONTENT_BYTES) throw tooLong(encoded.length);
  const header = ContentHeader.decode(encoded);
  const { id, conversation, sender, sentMs, recordSequence, minVersion, counter, prevHash, group } = header;
  const recipient = readRecipient(header.recipient);
  const field = findKind(encoded);
  const body = readBody(field, minVersion);
  if ((counter === undefined) !== (prevHash === undefined)) throw badLink();
  const link = counter === undefined || prevHash === undefined ? undefined : { counter, prevHash };
  checkLink(body, link);
  if (body.kind !== 'unknown') checkGroup(recipient, group);
  return {
    id,
    conversation,
    sender: { account: parseAccountId(sender.account), device: sender.device },
    recipient,
    sentMs,
    recordSequence,
    minVersion,
    body,
    ...(link === undefined ? {} : { link }),
    ...(group === undefined ? {} : { group }),
  };
}

/**
 * What the next content of this sender in this conversation names as previous.
 * @param encoded - content bytes as sent or received, without padding.
 * @returns SHA-256("InteChat content v1" || bytes), 32 bytes.
 */
export function contentHash(encoded: Uint8Array): Uint8Array {
  return sha256(HASH_DOMAIN, encoded);
}

function readBody(field: ProtobufField, minVersion: number): ContentBody | UnknownBody {
  const kind = kindByField(field.field);
  if (kind === undefined || minVersion > CONTENT_VERSION) return { kind: 'unknown', field: field.field };
  return decodeBody(kind, fieldBytes(field, kind));
}

function findKind(encoded: Uint8Array): ProtobufField {
  const reader = new ProtobufReader(encoded);
  let found: ProtobufField | undefined;
  for (let field = reader.next(); field !== undefined; field = reader.next()) {
    if (field.field < FIRST_KIND_FIELD) continue;
    if (found !== undefined) throw new CodecError('too-many-kinds', 'a content has more than one kind');
    found = field;
  }
  if (found === undefined) throw new CodecError('missing-kind', 'a content has no kind');
  return found;
}

function readRecipient(recipient: { account?: Uint8Array; group?: Uint8Array }): ContentRecipient {
  const { account, group } = recipient;
  if (account !== undefined && group === undefined) {
    return { kind: 'account', account: parseAccountId(account) };
  }
  if (group !== undefined && account === undefined) return { kind: 'group', group };
  throw new CodecError('bad-recipient', 'a content is for one account or one group');
}

function checkLink(body: ContentBody | UnknownBody, link: ContentLink | undefined): void {
  if (body.kind !== 'unknown' && contentKinds[body.kind].linked !== (link !== undefined)) throw badLink();
  if (link === undefined) return;
  // The first content has none before it, and only the first.
  if (link.counter < 1 || (link.counter === 1) !== isZero(link.prevHash)) throw badLink();
}

function checkGroup(recipient: ContentRecipient, group: GroupPosition | undefined): void {
  if ((recipient.kind === 'group') !== (group !== undefined)) {
    throw new CodecError(
      'bad-group-position',
      'a content names a state of the group exactly when it is for one',
    );
  }
}

function badLink(): CodecError {
  return new CodecError('bad-content-link', 'counter and previous hash do not fit the kind of content');
}

function tooLong(length: number): CodecError {
  return new CodecError('too-long', `content has ${length} bytes, at most ${MAX_CONTENT_BYTES}`);
}
