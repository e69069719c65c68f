import { createHmac, createSecretKey } from 'node:crypto';

/** The parameter of a rewritten Contact that names the binding. */
export const TOKEN_PARAMETER = 'flow';

const BYTES = 12;

/**
 * Names a registered contact in the URI that the PBX is given. The same contact has the same token for as
 * long as the key lives, over refreshes and restarts, so what the PBX holds stays good; nobody without the
 * key can make one, and one that names no live registration is refused.
 */
export type BindingTokens = (aor: string, contact: string) => string;

export function createBindingTokens(key: Uint8Array): BindingTokens {
  const secret = createSecretKey(key);
  return (aor, contact) =>
    createHmac('sha256', secret)
      .update(`binding\n${aor}\n${contact}`)
      .digest()
      .toString('base64url', 0, BYTES);
}
