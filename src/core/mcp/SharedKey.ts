/**
 * The key of a registration that all people of a web service share at one server.
 */
import type { CredentialKey } from "./Credentials.ts"

/**
 * The variant of the key that such a registration is stored under. No options of a sign-in make the same one: in theirs only a
 * URL stands without a name (see `variantOf` of `AuthorizationChoice`).
 */
export const variantOf = (redirectUri: string): string =>
  new URLSearchParams([["", "hosted"], ["redirect_uri", redirectUri]]).toString()

/** Whether a key is that of a registration that people share, and so of nobody's credentials. */
export const isShared = ({ account, variant }: CredentialKey): boolean =>
  (account ?? "") === "" && variant !== undefined && new URLSearchParams(variant).get("") === "hosted"
