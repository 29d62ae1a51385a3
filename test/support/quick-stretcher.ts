import type { Stretcher } from '../../client/engine/stretcher.ts';
import { sha256 } from '../../crypto/primitives/hash.ts';
import { Secret } from '../../crypto/secret.ts';
import { normalizePassphrase } from '../../crypto/vault/passphrase.ts';

/** A hash instead of Argon2id, for tests that open many stores; the real one has tests of its own. */
export const quickStretcher: Stretcher = {
  async stretch(passphrase, params) {
    using normalized = normalizePassphrase(passphrase);
    return params.map(({ salt }) => new Secret('PassphraseKey', sha256(salt, normalized.expose())));
  },
};
