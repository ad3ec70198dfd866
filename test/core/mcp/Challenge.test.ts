import { assert, describe, it } from "@effect/vitest"
import { FastCheck, Option } from "effect"
import * as Challenge from "../../../src/core/mcp/Challenge.ts"

type Parameters = Readonly<Record<string, string>>

/** A challenge as a table can say it: the scheme, its token68, its parameters. */
type Row = readonly [scheme: string, parameters?: Parameters | string, token68?: string]

const rows = (header: string): ReadonlyArray<Row> =>
  Challenge.parse(header).map(({ parameters, scheme, token68 }): Row => {
    const fields = Object.fromEntries(parameters)
    if (token68 === undefined) return parameters.size === 0 ? [scheme] : [scheme, fields]
    return parameters.size === 0 ? [scheme, token68] : [scheme, fields, token68]
  })

const metadata = "https://mcp.example/.well-known/oauth-protected-resource/mcp?a=1,2&b=%22"

describe("parse", () => {
  it.each<[string, string, ReadonlyArray<Row>]>([
    ["nothing", "", []],
    ["white space", " \t", []],
    ["commas", " , ,,", []],
    ["a scheme alone", "Bearer", [["bearer"]]],
    ["a scheme in any case", "bEARER realm=x", [["bearer", { realm: "x" }]]],
    ["a name in any case", 'Bearer Scope="x"', [["bearer", { scope: "x" }]]],
    ["a scheme of odd letters", "x!#$%&'*+-.^_`|~9 a=b", [["x!#$%&'*+-.^_`|~9", { a: "b" }]]],
    ["schemes alone", "Negotiate, NTLM", [["negotiate"], ["ntlm"]]],
    ["a quoted value", 'Basic realm="a b"', [["basic", { realm: "a b" }]]],
    ["an empty quoted value", 'Basic realm=""', [["basic", { realm: "" }]]],
    ["a bare value", "Bearer error=invalid_token", [["bearer", { error: "invalid_token" }]]],
    ["several parameters", 'Bearer a=1, b="2",c=3', [["bearer", { a: "1", b: "2", c: "3" }]]],
    ["two challenges", 'Basic realm="x", Bearer error="invalid_token", scope="a b"', [
      ["basic", { realm: "x" }],
      ["bearer", { error: "invalid_token", scope: "a b" }]
    ]],
    ["two challenges of one scheme", "Bearer a=1, Bearer a=2", [["bearer", { a: "1" }], ["bearer", { a: "2" }]]],
    ["the example of RFC 9110", 'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""', [
      ["basic", { realm: "simple" }],
      ["newauth", { realm: "apps", type: "1", title: 'Login to "apps"' }]
    ]],
    ["white space around =", 'Bearer a = "1" , b\t=2, c= 3', [["bearer", { a: "1", b: "2", c: "3" }]]],
    ["white space around all", '  Bearer \t a="1"  ,\t Basic  b=2 ', [["bearer", { a: "1" }], ["basic", { b: "2" }]]],
    ["lines folded as they once were", 'Bearer a="1",\r\n b="2"', [["bearer", { a: "1", b: "2" }]]],
    ["empty elements", ",, Bearer , a=1,, ,b=2 ,", [["bearer", { a: "1", b: "2" }]]],
    ["token68", "Negotiate abc==", [["negotiate", "abc=="]]],
    ["token68 of all its letters", "Negotiate aZ09-._~+/= , Basic a=b", [
      ["negotiate", "aZ09-._~+/="],
      ["basic", { a: "b" }]
    ]],
    ["token68 that ends as a name does", "Bearer realm=", [["bearer", "realm="]]],
    ["token68 and, against the grammar, parameters", "Bearer abc, a=1", [["bearer", { a: "1" }, "abc"]]],
    ["escapes", String.raw`Bearer a="\"\\\,\x"`, [["bearer", { a: '"\\,x' }]]],
    ["an escape before half of a surrogate pair", 'Bearer a="\\\u{1f600}"', [["bearer", { a: "\u{1f600}" }]]],
    ["a challenge in quotes", String.raw`Bearer a="use scope=\"x\", Bearer y, Basic z=1", b=2`, [
      ["bearer", { a: 'use scope="x", Bearer y, Basic z=1', b: "2" }]
    ]],
    ["letters that are not ASCII", 'Bearer a="é€", b=é', [["bearer", { a: "é€", b: "é" }]]],
    ["names of an object's prototype", "Bearer __proto__x=1, constructor=2", [
      ["bearer", { __proto__x: "1", constructor: "2" }]
    ]]
  ])("reads %s", (_name, header, expected) => {
    assert.deepStrictEqual(rows(header), expected)
  })

  it.each<[string, string, ReadonlyArray<Row>]>([
    ["a URL without quotes", `Bearer resource_metadata=https://a.example/b?c=d, e=f`, [
      ["bearer", { resource_metadata: "https://a.example/b?c=d", e: "f" }]
    ]],
    ["no commas between parameters", 'Bearer a="1" b=2 c = "3", d=4', [["bearer", { a: "1", b: "2", c: "3", d: "4" }]]],
    ["words without quotes", "Bearer realm=My Own Realm, b=2", [["bearer", { realm: "My", b: "2" }]]],
    ["no value", "Bearer a=1, b=, c=3", [["bearer", { a: "1", b: "", c: "3" }]]],
    ["a value that begins with =", "Bearer a==b", [["bearer", { a: "=b" }]]],
    ["parameters of no scheme", "a=1, b=2", []],
    ["parameters before the first scheme", 'realm="x", Bearer a=1', [["bearer", { a: "1" }]]],
    ["junk", "Bearer ;;;, a=1, (b), {c}=d, e=5", [["bearer", { a: "1", e: "5" }]]],
    ["junk behind the scheme", "Bearer oh no a=1", [["bearer", { a: "1" }]]],
    ["junk behind a value", 'Bearer a="1"x, b="2"y=z', [["bearer", { a: "1", b: "2", y: "z" }]]],
    ["a scheme with a colon", "Basic realm=x, Bearer: realm=y", [["basic", { realm: "x" }]]],
    ["a URL in place of a scheme", "https://a.example/, Bearer a=1", [["bearer", { a: "1" }]]],
    ["a quote in place of a scheme", '"Bearer b=2, c=3", Basic a=1', [["basic", { a: "1" }]]],
    ["a quote behind junk", 'Bearer a=1, x"b=2, Basic c=3"y, d=4', [["bearer", { a: "1", d: "4" }]]],
    ["a quote behind a bare value", 'Bearer a=1"b=2, Basic c=3", d=4', [["bearer", { a: "1", d: "4" }]]],
    ["a quote that is never closed", 'Bearer a=1, b="2, c=3, Basic d=4', [["bearer", { a: "1" }]]],
    ["an escape at the end", 'Bearer a=1, b="2\\', [["bearer", { a: "1" }]]],
    ["an escaped quote at the end", 'Bearer a=1, b="2\\"', [["bearer", { a: "1" }]]],
    ["a quote at the end", 'Bearer a=1, "', [["bearer", { a: "1" }]]],
    ["a name at the end", "Bearer a=1, b = ", [["bearer", { a: "1", b: "" }]]],
    ["controls", "Bearer a=1,\u0000\u0007, b=2\u0000", [["bearer", { a: "1", b: "2\u0000" }]]]
  ])("gives what can be read of a header with %s", (_name, header, expected) => {
    assert.deepStrictEqual(rows(header), expected)
  })

  it.each<[string, string, Parameters]>([
    ["says two things", 'Bearer a=1, b=2, A="3"', { b: "2" }],
    ["says two things, and then the second again", "Bearer a=1, b=2, a=3, a=3", { b: "2" }],
    ["says two things, and then the first again", "Bearer a=1, b=2, a=3, a=1", { b: "2" }],
    ["says one thing twice", 'Bearer a=1, b=2, a="1"', { a: "1", b: "2" }],
    ["is cut off the second time", 'Bearer a=1, b=2, a="1', { b: "2" }]
  ])("takes a repeated parameter for absent when it contradicts itself: one that %s", (_name, header, expected) => {
    assert.deepStrictEqual(rows(header), [["bearer", expected]])
  })

  it("reads hostile headers of a megabyte in linear time", { timeout: 120_000 }, () => {
    const megabyte = 1_000_000
    const pieces = ["a", '"', ",", "\\", "=", "a,", "a=b,", "a =", "a b ", 'a="', 'a="b",', '"\\', "(,", "a/ ", "a==x,"]
    const headers = pieces.flatMap((piece) =>
      ["", "Bearer ", 'Bearer a="'].map((start) => (start + piece.repeat(megabyte)).slice(0, megabyte))
    )
    for (const header of headers) {
      const started = performance.now()
      Challenge.parse(header)
      // A second for half a million challenges on a quiet machine, half an hour for what is quadratic.
      assert.isBelow(performance.now() - started, 60_000, header.slice(0, 20))
    }
  })
})

describe("bearer", () => {
  it.each<[string, string | null | undefined, Challenge.BearerChallenge | undefined]>([
    ["no header", null, undefined],
    ["an absent header", undefined, undefined],
    ["an empty header", "", undefined],
    ["other schemes", 'Basic realm="x", DPoP error="invalid_token", scope="a", BearerX a=b', undefined],
    ["a bare challenge", "Bearer", {}],
    ["everything", `Bearer realm="r", error="invalid_token", scope="a b", resource_metadata="${metadata}"`, {
      realm: "r",
      error: "invalid_token",
      scope: "a b",
      resourceMetadata: metadata
    }],
    ["a scheme in capitals", "BEARER realm=r", { realm: "r" }],
    ["words that are not printable", 'Bearer realm="a\u001b[2J\u202eb", error="e\u009b", scope="a \u009b2J"', {
      realm: "a [2J b",
      error: "e",
      scope: "a"
    }],
    ["one beside others", 'Basic realm="x", Bearer error=e, DPoP error="f", scope="g"', { error: "e" }],
    ["two", "Bearer realm=a, Bearer realm=b", { realm: "a" }],
    ["two, the second with metadata", 'Bearer realm=a, Bearer realm=b, resource_metadata="m"', {
      realm: "b",
      resourceMetadata: "m"
    }],
    ["three, two with metadata", 'Bearer, Bearer resource_metadata="m", Bearer resource_metadata="n"', {
      resourceMetadata: "m"
    }],
    ["two, the first with empty metadata", 'Bearer realm=a, resource_metadata=" ", Bearer resource_metadata=m', {
      resourceMetadata: "m"
    }],
    ["metadata of another scheme", "Bearer realm=a, DPoP resource_metadata=m", { realm: "a" }],
    ["white space around values", 'Bearer realm=" r ", error="\te ", resource_metadata=" m "', {
      realm: "r",
      error: "e",
      resourceMetadata: "m"
    }],
    ["empty values", 'Bearer realm="", error=" ", scope=" ", resource_metadata=""', {}],
    ["a scope with much space", 'Bearer scope=" a  b\tc "', { scope: "a b c" }],
    ["a scope of all allowed letters", String.raw`Bearer scope="!#[]~ https://a.example/b?c#d"`, {
      scope: "!#[]~ https://a.example/b?c#d"
    }],
    ["a scope with others", String.raw`Bearer scope="a \"b\" c\\d é e` + '\u0000 \u007f g"', { scope: "a g" }],
    ["a scope of nothing else", 'Bearer scope="é"', {}],
    ["a contradicted scope", "Bearer scope=a, scope=b, realm=r", { realm: "r" }],
    ["parameters it does not know", 'Bearer error=e, error_description="use scope=\\"x\\", Bearer y", other=1', {
      error: "e"
    }]
  ])("reads %s", (_name, header, expected) => {
    assert.deepStrictEqual(Option.getOrUndefined(Challenge.bearer(header)), expected)
  })
})

const letters = (text: string, constraints?: FastCheck.StringConstraints) =>
  FastCheck.string({ unit: FastCheck.constantFrom(...text), minLength: 1, maxLength: 12, ...constraints })

const alphanumeric = "abcXYZ019"
const token = letters(`${alphanumeric}!#$%&'*+-.^_\`|~`)
const gap = FastCheck.constantFrom("", "", " ", "\t", "  ")
const comma = FastCheck.constantFrom(", ", ", ", ",", " ,\t", ", ,", ",,  , ")

/** Any text, biased towards what a reader might take for more than a value. */
const value = FastCheck.oneof(
  token,
  FastCheck.string({ unit: "binary", maxLength: 20 }),
  FastCheck.array(
    FastCheck.constantFrom('"', "\\", ",", " ", "=", "Bearer ", "scope=", 'scope="x"', ", Bearer a=b", "abc=="),
    { maxLength: 8 }
  ).map((pieces) => pieces.join(""))
)

const quote = (text: string, escaped: ReadonlyArray<boolean>): string =>
  `"${
    text.split("").map((unit, index) => unit === '"' || unit === "\\" || escaped[index] === true ? `\\${unit}` : unit)
      .join("")
  }"`

const printedValue = FastCheck.record({
  value,
  escaped: FastCheck.array(FastCheck.boolean()),
  bare: FastCheck.boolean()
})
  .map(({ bare, escaped, value }) => ({
    value,
    text: bare && /^[\w!#$%&'*+\-.^`|~]+$/.test(value) ? value : quote(value, escaped)
  }))

const parameter = FastCheck.record({ name: token, printed: printedValue, before: gap, after: gap }).map(
  ({ after, before, name, printed }) => ({
    name: name.toLowerCase(),
    value: printed.value,
    text: `${name}${before}=${after}${printed.text}`
  })
)

const parameters = FastCheck.record({
  each: FastCheck.uniqueArray(parameter, { selector: ({ name }) => name, maxLength: 5 }),
  commas: FastCheck.array(comma, { minLength: 5, maxLength: 5 })
}).map(({ commas, each }) => ({
  row: (scheme: string): Row =>
    each.length === 0 ? [scheme] : [scheme, Object.fromEntries(each.map(({ name, value }) => [name, value]))],
  text: each.map(({ text }, index) => index === 0 ? text : `${commas[index]}${text}`).join("")
}))

const token68 = FastCheck.tuple(letters(`${alphanumeric}-._~+/`), FastCheck.constantFrom("", "=", "==")).map(
  ([text, padding]) => ({ row: (scheme: string): Row => [scheme, text + padding], text: text + padding })
)

/** A challenge, and one of the ways to write it. */
const challenge = FastCheck.record({
  scheme: token,
  space: FastCheck.constantFrom(" ", " ", "  ", " , ", " ,, "),
  rest: FastCheck.oneof(parameters, token68)
}).map(({ rest, scheme, space }) => ({
  row: rest.row(scheme.toLowerCase()),
  // A comma cannot stand before token68: what follows it begins another challenge.
  text: rest.text === "" ? scheme : `${scheme}${rest.text.includes('"') ? space : " "}${rest.text}`
}))

const list = FastCheck.array(FastCheck.tuple(comma, challenge), { maxLength: 5 })

describe("properties", () => {
  it.prop(
    "read back what was printed, in every way to write it",
    [list, gap],
    ([each, around]) => {
      const header = each.map(([comma, { text }], index) => index === 0 ? text : comma + text).join("")
      assert.deepStrictEqual(rows(around + header + around), each.map(([, { row }]) => row))
    },
    { fastCheck: { numRuns: 3000 } }
  )

  it.prop(
    "never take what is inside a quoted string for a scheme, a name, or the end of one",
    [
      FastCheck.array(
        FastCheck.oneof(
          FastCheck.constantFrom("Basic", "Bearer ", "outside", "=", " = ", ",", ", ", " ", "(", ";", "a=b", "abc=="),
          FastCheck.array(
            FastCheck.constantFrom(
              "inside=1",
              ', inside="x"',
              ", Inside ",
              ", Inside abc==",
              '"',
              "\\",
              "=",
              ",",
              " ",
              "Inside a=b, "
            ),
            { maxLength: 6 }
          ).map((pieces) => quote(pieces.join(""), []))
        ),
        { maxLength: 20 }
      ).map((pieces) => pieces.join(""))
    ],
    ([junk]) => {
      const challenges = rows(`${junk}, Last tail=ok`)
      for (const [scheme, fields, token68] of challenges) {
        const names = typeof fields === "object" ? Object.keys(fields) : [fields ?? ""]
        for (const name of [scheme, ...names, token68 ?? ""]) assert.notInclude(name, "inside")
      }
      assert.deepStrictEqual(challenges.at(-1), ["last", { tail: "ok" }])
    },
    { fastCheck: { numRuns: 3000 } }
  )

  it.prop(
    "never throw, and give tokens for names",
    [
      FastCheck.oneof(
        FastCheck.string({ unit: FastCheck.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
        FastCheck.array(
          FastCheck.constantFrom(
            ...'Bearer a = , " \\ == / ( é \u0000 \r\n \t scope realm=" resource_metadata'.split(" "),
            " "
          ),
          { maxLength: 40 }
        ).map((pieces) => pieces.join(""))
      )
    ],
    ([header]) => {
      for (const { parameters, scheme, token68 } of Challenge.parse(header)) {
        for (const name of [scheme, ...parameters.keys()]) assert.match(name, /^[\w!#$%&'*+\-.^`|~]+$/)
        for (const name of [scheme, ...parameters.keys()]) assert.strictEqual(name, name.toLowerCase())
        if (token68 !== undefined) assert.match(token68, /^[\w\-.~+/]+=*$/)
      }
      for (const { scope = "a", ...others } of Challenge.bearer(header).pipe(Option.toArray)) {
        assert.match(scope, /^[!#-[\]-~]+(?: [!#-[\]-~]+)*$/)
        for (const text of Object.values(others)) {
          if (typeof text === "string") assert.strictEqual(text, text.trim() || "never empty")
          else assert.isTrue(Number.isSafeInteger(text) && text >= 0)
        }
      }
    },
    { fastCheck: { numRuns: 3000 } }
  )
})

describe("a challenge of RFC 9470", () => {
  const bearer = (parameters: string) => Option.getOrThrow(Challenge.bearer(`Bearer ${parameters}`))
  const error = "insufficient_user_authentication"

  it("says how the person is to be authenticated, and how long ago at most", () => {
    assert.deepStrictEqual(bearer(`error="${error}", acr_values="urn:a  urn:b", max_age="5"`), {
      error,
      acrValues: "urn:a urn:b",
      maxAge: 5
    })
    assert.deepStrictEqual(bearer(`error=${error}, max_age=0`), { error, maxAge: 0 })
  })

  it.each(["-1", "1.5", "1e3", "5 s", "", "0x10", "9".repeat(11)])("has no max_age of %j", (age) => {
    assert.deepStrictEqual(bearer(`error=${error}, max_age="${age}"`), { error })
  })

  it.each(["mfa\u001b[2J", "st\u00e4rker", "\u202emfa", "a".repeat(1001)])("has no acr_values of %j", (values) => {
    assert.deepStrictEqual(bearer(`error=${error}, acr_values="${values}"`), { error })
  })
})

it("reads scopes that a server wrote with commas", () => {
  const scope = (text: string) => Option.getOrThrow(Challenge.bearer(`Bearer scope="${text}"`)).scope
  assert.deepStrictEqual(["a,b", "a, b", "a,b c"].map(scope), ["a b", "a b", "a,b c"])
})

describe("two Bearer challenges, of a gateway and of the server behind it", () => {
  it("say together where to go and what the token lacks, in either order", () => {
    const gateway = 'Bearer resource_metadata="https://mcp.example/m"'
    const server = 'Bearer error="insufficient_scope", scope="a"'
    for (const header of [`${gateway}, ${server}`, `${server}, ${gateway}`]) {
      assert.deepStrictEqual(Option.getOrThrow(Challenge.bearer(header)), {
        resourceMetadata: "https://mcp.example/m",
        error: "insufficient_scope",
        scope: "a"
      })
    }
  })
})
