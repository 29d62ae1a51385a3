/** The kinds of contents: one field number each, from 20 on. Numbers are never given out twice. */

import { MAX_RECORD_BYTES } from '../../crypto/account/limits.ts';
import { ProtobufWriter } from '../../crypto/wire/protobuf.ts';
import {
  bytes,
  flag,
  type MessageCodec,
  type MessageOf,
  message,
  optional,
  repeated,
  required,
  text,
  uint8,
} from '../../crypto/wire/schema.ts';
import {
  CONTENT_ID_BYTES,
  MAX_DISTRIBUTION_BYTES,
  MAX_RECEIPT_IDS,
  MAX_RECORDS,
  MAX_REQUEST_TEXT_BYTES,
  MAX_TEXT_BYTES,
} from './limits.ts';

export const FIRST_KIND_FIELD = 20;

const capability = bytes({ length: 32 });
/** The sender's signed account records from record 0 on. */
const records = bytes({ max: MAX_RECORD_BYTES });

const TextBody = message('Text', {
  text: required(1, text({ max: MAX_TEXT_BYTES })),
  /** The sender waits for a receipt at the prompt: contacts answer at once. */
  wantReceipt: optional(2, flag),
});

/** First contact: who I am, how to reach me, what I want. */
const RequestBody = message('Request', {
  records: repeated(1, records, { max: MAX_RECORDS }),
  capability: required(2, capability),
  text: required(3, text({ max: MAX_REQUEST_TEXT_BYTES })),
});

/** The answer to a request, over the capability that it brought. */
const AcceptBody = message('Accept', {
  capability: required(1, capability),
  records: repeated(2, records, { max: MAX_RECORDS }),
});

/** What a receipt says about the contents it names. */
export const RECEIPT = { delivered: 1, read: 2 } as const;

const ReceiptBody = message('Receipt', {
  ids: repeated(1, bytes({ length: CONTENT_ID_BYTES }), { max: MAX_RECEIPT_IDS }),
  /** A number of RECEIPT; absent means delivered, an unknown one is ignored. */
  state: optional(2, uint8),
});

/** The capability to use from now on; the old one lives until this one was used. */
const CapabilityBody = message('Capability', { capability: required(1, capability) });

const TypingBody = message('Typing', { active: required(1, flag) });

/** A sender key for a group, sent to each member alone. */
const DistributionBody = message('Distribution', {
  group: required(1, bytes({ length: 32 })),
  message: required(2, bytes({ max: MAX_DISTRIBUTION_BYTES })),
});

/** `linked`: makes or changes a visible message, and therefore carries counter and prevHash. */
export const contentKinds = {
  text: { field: 20, linked: true, codec: TextBody },
  request: { field: 21, linked: true, codec: RequestBody },
  accept: { field: 22, linked: false, codec: AcceptBody },
  receipt: { field: 23, linked: false, codec: ReceiptBody },
  capability: { field: 24, linked: false, codec: CapabilityBody },
  typing: { field: 25, linked: false, codec: TypingBody },
  distribution: { field: 26, linked: false, codec: DistributionBody },
} as const;

export type BodyKind = keyof typeof contentKinds;
export type BodyOf<Kind extends BodyKind> = { readonly kind: Kind } & MessageOf<
  (typeof contentKinds)[Kind]['codec']
>;
export type ContentBody = { [Kind in BodyKind]: BodyOf<Kind> }[BodyKind];

const kinds = new Map<number, BodyKind>(
  (Object.keys(contentKinds) as BodyKind[]).map((kind) => [contentKinds[kind].field, kind]),
);

export function kindByField(field: number): BodyKind | undefined {
  return kinds.get(field);
}

/** The field of the kind, ready to stand behind the header. */
export function encodeBody(body: ContentBody): Uint8Array {
  const { field } = contentKinds[body.kind];
  return new ProtobufWriter().bytes(field, codecOf(body.kind).encode(body)).finish();
}

/** @throws CodecError of the schema. */
export function decodeBody(kind: BodyKind, encoded: Uint8Array): ContentBody {
  return { ...codecOf(kind).decode(encoded), kind } as ContentBody;
}

/** The table pairs each kind with its codec, which the type system cannot follow through a look-up. */
function codecOf(kind: BodyKind): MessageCodec<object> {
  return contentKinds[kind].codec as unknown as MessageCodec<object>;
}
