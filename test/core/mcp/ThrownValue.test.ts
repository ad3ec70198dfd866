import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { cleaned, parts, shown, toCause } from "../../../src/core/mcp/ThrownValue.ts"

const messagesOf = (thrown: unknown, secrets: ReadonlyArray<string> = []) =>
  parts(thrown, secrets).map(({ message }) => message)

const secret = "s3cr3t-Value_0123456789"

describe("what was thrown", () => {
  it("keeps names, messages and codes, nearest first", () => {
    const socket = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" })
    expect(parts(new TypeError("fetch failed", { cause: socket }))).toEqual([
      { name: "TypeError", message: "fetch failed" },
      { name: "Error", message: "connect ECONNREFUSED 127.0.0.1:1", code: "ECONNREFUSED" }
    ])
  })

  it("looks at the errors of an AggregateError", () => {
    const errors = [Object.assign(new Error("a"), { code: "ENETUNREACH" }), new Error("b")]
    expect(messagesOf(new TypeError("fetch failed", { cause: new AggregateError(errors, "all") }))).toEqual([
      "fetch failed",
      "all",
      "a",
      "b"
    ])
  })

  it("ends for a circular chain, and for one without end", () => {
    const circular = new Error("round")
    circular.cause = circular
    expect(messagesOf(circular)).toEqual(["round"])
    const endless = (depth: number): object => ({
      name: "Endless",
      message: String(depth),
      get cause() {
        return endless(depth + 1)
      }
    })
    expect(messagesOf(endless(0))).toHaveLength(8)
  })

  it("takes what throws at every touch", () => {
    const hostile = new Proxy({}, {
      get: () => {
        throw new Error("touched")
      },
      has: () => {
        throw new Error("touched")
      },
      getPrototypeOf: () => {
        throw new Error("touched")
      }
    })
    expect(parts(hostile)).toEqual([{ name: "", message: "" }])
    expect(messagesOf(new Error("outer", { cause: hostile }))).toEqual(["outer", ""])
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    expect(messagesOf(Object.assign(new Error("outer"), { errors: revoked.proxy }))).toEqual(["outer"])
    const loud = { message: { toString: () => expect.fail("called") }, code: { toString: () => expect.fail("called") } }
    expect(parts(loud)).toEqual([{ name: "", message: "" }])
  })

  it.prop("is printable and short, whatever it is", [FastCheck.anything()], ([anything]) => {
    for (const { code, message, name } of parts(new Error("outer", { cause: anything }))) {
      expect(message.length).toBeLessThanOrEqual(500)
      expect(name.length).toBeLessThanOrEqual(100)
      expect(`${name}${message}${code ?? ""}`).not.toMatch(/[\p{Cc}\u202a-\u202e\u2028\u2029]/u)
    }
  })

  it("shows a text that is no error as it is", () => {
    expect(parts("no network").map(shown)).toEqual(["no network"])
    expect(parts(undefined).map(shown)).toEqual(["undefined"])
    expect(parts(new RangeError("far")).map(shown)).toEqual(["RangeError: far"])
  })

  it("takes a name as code, and neither a number nor a sentence", () => {
    const codeOf = (code: unknown) => parts(Object.assign(new Error("x"), { code }))[0].code
    expect(["ECONNREFUSED", "ConnectionRefused", 20, "not a name", `A${"B".repeat(100)}`].map(codeOf)).toEqual([
      "ECONNREFUSED",
      "ConnectionRefused",
      undefined,
      undefined,
      undefined
    ])
  })
})

describe("an HTTP status", () => {
  it.each<[object, number | undefined]>([
    [{ status: 403 }, 403],
    [{ code: 404 }, 404],
    [{ status: 403, code: 404 }, 403],
    [{ status: "403", code: 404 }, 404],
    [{ status: 100 }, 100],
    [{ status: 599 }, 599],
    [{ status: 99 }, undefined],
    [{ status: 600 }, undefined],
    [{ status: 403.5 }, undefined],
    [{ code: "E403" }, undefined],
    [{}, undefined]
  ])("of %j is %s", (fields, status) => {
    const [part] = parts(Object.assign(new Error("no"), fields))
    expect(part.status).toBe(status)
    expect("status" in part).toBe(status !== undefined)
  })
})

describe("what is no error", () => {
  it("has a message where it is a value that is text by itself", () => {
    expect([null, 5, Symbol("x"), {}].flatMap((value) => messagesOf(value))).toEqual(["null", "5", "", ""])
  })

  it("is looked at where it is a function", () => {
    const thrown = Object.assign(() => {}, { message: "no", code: "EPIPE" })
    expect(parts(thrown)).toEqual([{ name: "", message: "no", code: "EPIPE" }])
  })

  it("has a name of a hundred letters at most", () => {
    expect(parts({ name: "N".repeat(200), message: "" })[0].name).toBe("N".repeat(100))
  })
})

describe("secrets in what was thrown", () => {
  it.each([
    ["see https://me:pw@h.example:8080/a?b=c#d now", "see https://***@h.example:8080/a?*** now"],
    ['"HTTPS://me@h.example/x#y" no', '"HTTPS://***@h.example/x#***" no'],
    ["<https://h.example/a?b=c> or https://h.example?b", "<https://h.example/a?***> or https://h.example?***"],
    ["https://h.example/a@b", "https://h.example/a@b"],
    ["Bearer   abcdef, more", "Bearer ***, more"],
    ["bearer=abcd; more", "bearer ***; more"],
    ["Basic abc, rubearer abcdef", "Basic abc, rubearer abcdef"],
    ["my_access_token : 'a b', next=1", "my_access_token : ***, next=1"],
    ["apikey=abc&x=1 API-Key: abc, api_key=abc", "apikey=***&x=1 API-Key: ***, api_key=***"],
    [String.raw`password="a\"b" rest`, "password=*** rest"],
    [String.raw`verifier='a\'b' rest`, "verifier=*** rest"],
    ['password="a b', "password=***"],
    ["password='a b", "password=***"],
    ["{secret: abc}, tokens=abc;x", "{secret: ***}, tokens=***;x"],
    ["token   :   abc", "token : ***"],
    ["token    : abc", "token : abc"],
    ["code=abc&x=1", "code=***&x=1"],
    ["code='a b' x", "code=*** x"],
    ["code='a b", "code=***"],
    ['state="a b" x', "state=*** x"],
    ['state="a b', "state=***"],
    [String.raw`{"state" : "a\"b","x":1}`, '{"state" : ***,"x":1}'],
    ['{"code":5,"x":1} zipcode=123', '{"code":5,"x":1} zipcode=123'],
    ["Unexpected token 'h', \"hunt\ner2\" is not valid JSON", "Unexpected token *** is not valid JSON"],
    ['JSONs are "fine", and so is XJSON', 'JSONs are "fine", and so is XJSON']
  ])("are cut out, and nothing else is: %s", (text, expected) => {
    expect(cleaned(text, [])).toBe(expected)
  })

  const quoting: ReadonlyArray<string> = [
    `request to https://as.example/token?code=${secret}&x=1 failed`,
    `request to "https://as.example/callback#access_token=${secret}" failed`,
    `https://user:${secret}@proxy.example:8080 refused`,
    `header authorization: Bearer ${secret} is not valid`,
    `{ authorization: 'Basic ${secret}==' }`,
    `"Authorization":"${secret}"`,
    `could not write {"tokens":{"accessToken":"${secret}","refreshToken":"x ${secret}"}}`,
    `could not write ${JSON.stringify(JSON.stringify({ accessToken: secret, clientSecret: `a"${secret}` }))}`,
    `grant_type=authorization_code&code=${secret}&code_verifier=${secret}`,
    `{"code":"${secret}","state": "${secret}"}`,
    `refresh_token=${secret}; client_secret=${secret}`,
    `x-api-key: ${secret}`,
    `set-cookie: ${secret}`
  ]
  for (const text of quoting) {
    it(`are cut out of ${text.slice(0, 60)}`, () => {
      expect(cleaned(text, [])).not.toContain(secret)
      expect(cleaned(text, [])).toContain("***")
    })
  }

  it("are cut out where they are known, however they are written", () => {
    for (const text of [secret, btoa(secret), encodeURIComponent(secret), JSON.stringify({ x: secret })]) {
      expect(messagesOf(new Error("outer", { cause: new Error(`had ${text}`) }), [secret])).toEqual([
        "outer",
        expect.stringContaining("***")
      ])
    }
    expect(parts(Object.assign(new Error("x"), { code: "ABCDEF" }), ["ABCDEF"])[0].code).toBeUndefined()
  })

  it("leaves ordinary words alone", () => {
    for (
      const text of [
        "status code: 500",
        "the state: closed",
        "connect ECONNREFUSED 127.0.0.1:1",
        "see https://example.com/help for more",
        "error sending request for url (https://127.0.0.1:42087/): client error (Connect)"
      ]
    ) expect(cleaned(text, [])).toBe(text)
  })

  it("takes no time for long texts", () => {
    const start = performance.now()
    for (const long of ["a", "token", "a://", "Bearer ", "code=", '\\"', 'secret:"', "-_"]) {
      cleaned(long.repeat(20_000), [])
    }
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe("the cause of an error of ours", () => {
  it("has names, messages and codes, and nothing that a log would print beside", () => {
    const thrown = Object.assign(
      new TypeError("outer", { cause: Object.assign(new Error("inner"), { code: "EPIPE" }) }),
      {
        config: { headers: { authorization: secret } }
      }
    )
    const cause = toCause(parts(thrown))
    expect(cause).toBeInstanceOf(Error)
    expect(cause?.name).toBe("TypeError")
    expect(cause?.message).toBe("outer")
    expect(cause?.cause).toMatchObject({ message: "inner", code: "EPIPE" })
    expect(Object.keys(cause ?? {})).toEqual([])
    expect(cause?.stack).toBe("TypeError: outer")
  })
})
