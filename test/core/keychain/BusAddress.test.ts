import { assert, describe, it } from "@effect/vitest"
import { sessionBus } from "../../../src/core/keychain/BusAddress.ts"

const address = (DBUS_SESSION_BUS_ADDRESS: string) =>
  sessionBus({ DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR: "/run/me" })

describe("sessionBus", () => {
  it("takes the address that is named, with its escapes, and each of several", () => {
    assert.deepStrictEqual(address("unix:path=/run/user/1000/bus"), ["/run/user/1000/bus"])
    assert.deepStrictEqual(address("unix:guid=ab,path=/tmp/a%20b%c3%a9%2c"), ["/tmp/a bé,"])
    assert.deepStrictEqual(address("unix:path=/tmp/%C3%A9:1=2"), ["/tmp/é:1=2"])
    assert.deepStrictEqual(address("unix:abstract=/tmp/dbus-x,guid=ab"), ["\0/tmp/dbus-x"])
    assert.deepStrictEqual(address("unix:path=/a;unix:path=/b"), ["/a", "/b"])
  })

  it("knows no socket of another kind of address", () => {
    for (
      const each of ["autolaunch:", "tcp:host=localhost,port=1", "unixexec:path=/bin/x", "unix:", "unix:tmpdir=/t", "?"]
    ) {
      assert.deepStrictEqual(address(each), [], each)
    }
  })

  it("takes the socket of the user's runtime folder where no address is named, and none where that is unset too", () => {
    assert.deepStrictEqual(address(""), ["/run/me/bus"])
    assert.deepStrictEqual(sessionBus({ XDG_RUNTIME_DIR: "/run/me" }), ["/run/me/bus"])
    assert.isUndefined(sessionBus({}))
    assert.isUndefined(sessionBus({ XDG_RUNTIME_DIR: "relative" }))
  })
})
