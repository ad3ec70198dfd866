/**
 * What a server refused when it did not register this program, and so what is tried once more.
 */

/** What a `RegistrationError` says. */
interface Refused {
  readonly reason: string
  readonly status?: number | undefined
  readonly error?: string | undefined
  readonly description?: string | undefined
}

/** Errors that say that nobody may register, whatever is sent. */
const forbidding: ReadonlyArray<string> = ["access_denied", "invalid_token"]

/** Words about a redirect URI; a server that repeats the whole request says nothing about it. */
const words = /redirect.?ur[il]|localhost|loopback|trusted hosts/i

/**
 * Whether the redirect URI may be what was refused. Some servers, and firewalls before them, that take no address in
 * numbers take `localhost`; a firewall says 403, and not why.
 */
export const mayConcernRedirectUri = ({ description = "", error, reason, status }: Refused): boolean =>
  reason === "Rejected" &&
  (error === "invalid_redirect_uri" || (status === 403 && error === undefined) ||
    (words.test(description) && !description.includes('"redirect_uris"')))

/** Whether the scopes may be what was refused. Servers say so in many ways (Keycloak with 403). */
export const mayConcernScope = (refused: Refused): boolean => {
  const { error, reason, status } = refused
  return reason === "Rejected" && [400, 403, 422].includes(status ?? 0) && error !== "invalid_redirect_uri" &&
    !forbidding.includes(error ?? "")
}
