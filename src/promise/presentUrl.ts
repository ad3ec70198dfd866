/**
 * Showing a page that an MCP server asks the person to open.
 */
import * as Effect from "effect/Effect"
import * as PresentUrl from "../mcp/presentUrl.ts"
import { Presenter } from "../services/Presenter.ts"
import { checkGiven } from "./checkGiven.ts"
import { checkOptions } from "./checkOptions.ts"
import type { PresentUrlOptions, UrlAction } from "./Elicitation.ts"
import { fromCaller, runToPromise } from "./runToPromise.ts"
import { presenterFor } from "./services.ts"

/** See `presentUrl` of the entry. */
export const presentUrl = async (elicitation: unknown, options: PresentUrlOptions): Promise<UrlAction> => {
  checkOptions("presentUrl", options)
  checkGiven(options, ["consent", "serverName"])
  const { consent, serverName, signal } = options
  const shown = PresentUrl.presentUrl(elicitation, {
    serverName,
    consent: (request) => fromCaller((signal) => consent({ ...request, url: new URL(request.url), signal }))
  })
  return await runToPromise(Effect.provideService(shown, Presenter, presenterFor(options)), [signal])
}
