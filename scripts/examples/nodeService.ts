/**
 * Runs the service of `makeListener.ts`.
 *
 *     node nodeService.ts --local      (with servers of this machine, and nobody in front of it)
 */
import { createHostedSignIn, type TextStore } from "effect-oauth-callback/promise"
import { headingOf, whileListening, withLocal } from "./local.ts"
import { makeListener } from "./makeListener.ts"

await withLocal(({ browse, serverUrl }) =>
  whileListening(async (publicUrl, listen) => {
    const texts = new Map<string, string>()
    const credentials: TextStore = {
      get: (name) => texts.get(name),
      set: (name, text) => texts.set(name, text),
      delete: (name) => texts.delete(name)
    }
    const hosted = await createHostedSignIn({
      redirectUri: `${publicUrl}/oauth/callback`,
      store: "memory",
      credentials,
      // Only here: by default nothing is sent to addresses of this machine.
      guard: () => true
    })
    listen(makeListener(hosted, serverUrl))
    console.log(headingOf(await browse(`${publicUrl}/connect`)))
    await hosted.close()
  })
)
