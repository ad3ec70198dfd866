import { assert, describe, it } from "@effect/vitest"
import * as AuthorizationScope from "../../../src/core/mcp/AuthorizationScope.ts"

const choice = { exactScope: undefined, offlineAccess: true, scope: undefined }
const offered = (scopes: string | undefined, offersOfflineAccess: boolean) => ({
  resource: { scopes },
  server: { offersOfflineAccess }
})

describe("the scopes to ask for", () => {
  it("are those that are wanted, else all that are supported, and offline_access where it is offered", () => {
    assert.strictEqual(AuthorizationScope.toAsk(choice, "a", offered("b c", true)), "a offline_access")
    assert.strictEqual(AuthorizationScope.toAsk(choice, undefined, offered("b c", false)), "b c")
    assert.strictEqual(AuthorizationScope.toAsk({ ...choice, scope: "own" }, "a", offered("b", false)), "own a")
    assert.isUndefined(AuthorizationScope.toAsk(choice, undefined, offered(undefined, true)))
  })

  it("hold no offline_access that the caller does not want, unless it is wanted by name", () => {
    const without = { ...choice, offlineAccess: false }
    assert.strictEqual(AuthorizationScope.toAsk(without, undefined, offered("b offline_access", true)), "b")
    assert.strictEqual(AuthorizationScope.toRegister(without, "b", offered("b offline_access", true)), "b")
    assert.strictEqual(AuthorizationScope.toAsk(without, "offline_access", offered("b", true)), "offline_access")
  })

  it("are the exact ones and no others, and none where the text is empty", () => {
    const exactly = (exactScope: string) => ({ ...choice, exactScope })
    assert.strictEqual(AuthorizationScope.toAsk(exactly("x y"), "a", offered("b", true)), "x y")
    assert.isUndefined(AuthorizationScope.toAsk(exactly(""), "a", offered("b", true)))
    assert.strictEqual(AuthorizationScope.toRegister(exactly("x"), "x", offered("b", true)), "x")
  })
})

describe("the scopes to register for", () => {
  it("are those that are asked for, and all that may be asked for later", () => {
    assert.strictEqual(
      AuthorizationScope.toRegister(choice, "a", offered("b offline_access", true)),
      "a b offline_access"
    )
  })
})
