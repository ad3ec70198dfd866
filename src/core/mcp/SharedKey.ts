/**
 * The key of a registration that all people of a web service share at one server.
 */
import type { CredentialKey } from "./Credentials.ts"

/**
 * The variant of the key that such a registration is stored under. No option of a person makes one of it: parameters have names, and the only
 * value without one is a URL.
 */
export const variantOf = (redirectUri: string): string =>
  new URLSearchParams([["", "hosted"], ["redirect_uri", redirectUri]]).toString()

/** Whether a key is that of a registration that people share, and so of nobody's credentials. */
export const isShared = ({ account, variant }: CredentialKey): boolean =>
  (account ?? "") === "" && variant !== undefined && new URLSearchParams(variant).get("") === "hosted"
