/**
 * What may have been on the page of a sign-in that brought no answer: servers show errors about the client, the redirect URI
 * or the resource there, and send nothing back.
 */
import { printable } from "../text/SafeText.ts"

/**
 * One sentence that names the options that help.
 *
 * @param isReused The client was registered by this program in an earlier sign-in, and the next one registers anew.
 * @param resource `undefined`: it was not sent.
 */
export const timeoutHint = (
  { clientId, isReused, redirectUri, resource }: {
    readonly clientId: string
    readonly isReused: boolean
    readonly redirectUri: string
    readonly resource: string | undefined
  }
): string => {
  const wrong = [
    `the client ${JSON.stringify(printable(clientId, 100))} (${
      isReused ? "the next sign-in registers a new one" : "client.clientId"
    })`,
    `the redirect URI ${redirectUri} (callback.host, callback.port)`,
    ...(resource === undefined ? [] : ["`resource` (unsafe.omitResource, which Microsoft Entra ID needs)"])
  ]
  return `If its page showed an error, it may have been about ${wrong.join(", or ")}`
}
