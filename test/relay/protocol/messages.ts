/** Every message of the wire by its name in docs/wire-relay.proto. */

import type { MessageCodec } from '../../../crypto/wire/schema.ts';
import * as events from '../../../relay/protocol/events.ts';
import * as frames from '../../../relay/protocol/frames.ts';
import * as operations from '../../../relay/protocol/operations.ts';

// biome-ignore lint/suspicious/noExplicitAny: codecs of all messages in one list
type AnyCodec = MessageCodec<any>;

function isCodec(value: unknown): value is AnyCodec {
  return typeof value === 'object' && value !== null && 'decode' in value && 'fields' in value;
}

export const messages: ReadonlyMap<string, AnyCodec> = new Map(
  [frames, operations, events]
    .flatMap((module) => Object.values(module) as unknown[])
    .filter(isCodec)
    .map((codec) => [codec.name, codec]),
);
