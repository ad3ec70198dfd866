import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck, Redacted } from "effect"
import { Buffer } from "node:buffer"
import * as AuthorizationResponse from "../../../src/core/oauth/AuthorizationResponse.ts"
import * as PastedText from "../../../src/core/paste/PastedText.ts"
import { isWrapper, targetsIn, unescapedIn } from "../../../src/core/paste/WrappedLink.ts"

const state = "5f".repeat(32)
const escaped = encodeURIComponent
const lowerCase = (text: string) => text.replace(/%../g, (each) => each.toLowerCase())

const proofpoint2 = (address: string) =>
  escaped(address).replace(/-/g, "%2D").replace(/_/g, "%5F").replace(/%2F/g, "_").replace(/%/g, "-")

/** With `*` for one letter and `**A` for two, as Proofpoint writes them. */
const proofpoint3 = (address: string) => {
  let letters = ""
  const text = address.replace(/[%&=]{2}|[%&=]/g, (found) => {
    letters += found
    return found.length === 1 ? "*" : "**A"
  })
  return `https://urldefense.com/v3/__${text}__;${Buffer.from(letters).toString("base64url")}!!Abc-d!xyz_-w$`
}

const safeLink = (address: string) =>
  `https://eur01.safelinks.protection.outlook.com/?url=${escaped(address)}&data=05%7C01%7C&sdata=k%2Bx%3D&reserved=0`

const wrappers: Readonly<Record<string, (address: string) => string>> = {
  "SafeLinks": safeLink,
  "SafeLinks, another path": (address) =>
    `https://gcc02.safelinks.protection.outlook.com/ap/t-59584e83/?url=${escaped(address)}&data=1`,
  "SafeLinks of a government": (address) => `https://x.safelinks.protection.office365.us/?url=${escaped(address)}`,
  "Teams": (address) =>
    `https://statics.teams.cdn.office.net/evergreen-assets/safelinks/1/atp-safelinks.html?url=${
      escaped(address)
    }&locale=en`,
  "Google, by q": (address) => `https://www.google.com/url?q=${escaped(address)}&sa=D&source=gmail&ust=17&usg=AO`,
  "Google, by url": (address) => `https://www.google.co.uk/url?sa=t&url=${escaped(address)}&usg=AO`,
  "Google, not escaped": (address) => `https://www.google.com/url?q=${address}&sa=D`,
  "Firefox's reader": (address) => `about:reader?url=${escaped(address)}`,
  "Firefox's reader, not escaped": (address) => `about:reader?url=${address}`,
  "Slack": (address) => `https://slack-redir.net/link?url=${escaped(address)}&v=3`,
  "LinkedIn": (address) => `https://www.linkedin.com/redir/redirect?url=${escaped(address)}&urlhash=a`,
  "LinkedIn's warning": (address) => `https://www.linkedin.com/safety/go?url=${escaped(address)}&trk=x`,
  "Facebook": (address) => `https://l.facebook.com/l.php?u=${escaped(address)}&h=AT0`,
  "Facebook, without scheme": (address) => `https://l.facebook.com/l.php?u=${escaped(address.slice(7))}&h=AT0`,
  "Proofpoint 1": (address) => `https://urldefense.proofpoint.com/v1/url?u=${address}&k=a%3D`,
  "Proofpoint 2": (address) => `https://urldefense.proofpoint.com/v2/url?u=${proofpoint2(address)}&d=DwMF&c=a&r=b`,
  "Proofpoint 3": proofpoint3,
  "Proofpoint 3, with all its letters": (address) => `https://urldefense.com/v3/__${address}__;!!Abc!xyz$`,
  "Barracuda": (address) => `https://linkprotect.cudasvc.com/url?a=${escaped(address)}&c=E,1,x&typo=1`,
  "Check Point": (address) => `https://protect.checkpoint.com/v2/___${address}___.YzJ1OmV4YW1wbGU6YzpvOjE`,
  "Avanan": (address) => `https://url.avanan.click/v2/___${address}___.YXAzOmV4YW1wbGU6YTpvOjI`,
  "Cisco": (address) => `https://secure-web.cisco.com/1aBc-d/${escaped(address)}`,
  "Sophos": (address) =>
    `https://eu-west-1.protection.sophos.com?d=127.0.0.1&u=${Buffer.from(address).toString("base64")}&i=x`,
  "Bing": (address) => `https://www.bing.com/ck/a?!&&p=ab&u=a1${Buffer.from(address).toString("base64url")}&ntb=1`,
  "a wrapper that is not known": (address) => `https://mail.example/out?to=${escaped(address)}&from=me`,
  "two of them": (address) => safeLink(`https://www.google.com/url?q=${escaped(address)}&sa=D`),
  "an address that was escaped whole": escaped,
  "one that was escaped twice": (address) => escaped(escaped(address)),
  "one that was escaped in small letters": (address) => lowerCase(escaped(address)),
  "one that was escaped behind its scheme": (address) => `http://${escaped(address.slice(7))}`,
  "one without its scheme": (address) => escaped(address.slice(7)),
  "its parameters alone, escaped": (address) => escaped(address.slice(address.indexOf("?") + 1)),
  "one escaped for HTML": (address) => address.replaceAll("&", "&amp;")
}

const surroundings: ReadonlyArray<(link: string) => string> = [
  (link) => link,
  (link) => `"${link}"`,
  (link) => `<${link}>`,
  (link) => `Here it is:\n\n${link}\n`,
  (link) => link.replace(/(.{70})/g, "$1\n")
]

/** The response in a text, and no other one. */
const read = (text: string) => {
  const readings = PastedText.read(text)
  const taken = readings.filter(Either.isRight).map(({ right }) => right)
  assert.isAtMost(taken.length, 1, text)
  if (taken[0] === undefined) return readings.map((reading) => Either.isLeft(reading) ? reading.left : "").join()
  const matched = AuthorizationResponse.matchState(taken[0], Redacted.make(state))
  if (Either.isLeft(matched)) return matched.left
  const checked = AuthorizationResponse.check(matched.right, {})
  return Either.isRight(checked) ? [Redacted.value(checked.right.code), checked.right.iss] : checked.left.message
}

describe("a service that wraps or shortens addresses", () => {
  it.each([
    ["eur01.safelinks.protection.outlook.com", "safelinks.protection.office365.us"],
    ["statics.teams.cdn.office.net", "statics.teams.microsoft.com"],
    ["google.com/url", "www.google.com/url", "www.google.co.uk/url?q=x", "GOOGLE.de/url"],
    ["urldefense.proofpoint.com", "urldefense.com", "eu.urldefense.us"],
    ["l.facebook.com", "lm.facebook.com", "l.instagram.com", "slack-redir.net", "out.reddit.com"],
    ["linkedin.com/redir", "www.linkedin.com/safety"],
    ["www.youtube.com/redirect", "duckduckgo.com/l", "www.bing.com/ck", "steamcommunity.com/linkfilter"],
    ["linkprotect.cudasvc.com", "x.mimecast.com", "url.mimecastprotect.com", "secure-web.cisco.com"],
    ["eu.protection.sophos.com", "x.fireeye.com", "x.symantec.com"],
    ["lnkd.in", "t.co", "bit.ly", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "aka.ms", "buff.ly", "rb.gy", "cutt.ly"]
  ].flat())("is known by its name: %s", (name) => {
    for (const scheme of ["", "http://", "HTTPS://"]) assert.isTrue(isWrapper(`${scheme}${name}/x`))
  })

  it.each([
    ["t.co.evil.example", "evil.example/t.co", "evil.example/?u=https://t.co", "xt.co", "https.t.co"],
    ["notsafelinks.protection.outlook.com", "xstatics.teams.microsoft.com", "x.statics.teams.microsoft.com"],
    [
      "evil.example/www.google.com/url",
      "xgoogle.com/url",
      "google.com/maps",
      "google.co-operative/url",
      "google.c/url"
    ],
    ["xurldefense.com", "xl.facebook.com", "facebook.com", "evil.example/l.facebook.com"],
    ["xlinkedin.com/redir", "linkedin.com/in", "wwwxlinkedin.com/safety"],
    [
      "xwww.youtube.com/redirect",
      "notmimecast.com",
      "mimecast.org",
      "xlinkprotect.cudasvc.com",
      "x.http://mimecast.com"
    ],
    [`${"x".repeat(300)}.mimecast.com`]
  ].flat())("is no other that looks like one: %s", (name) => {
    for (const scheme of ["", "https://"]) assert.isFalse(isWrapper(`${scheme}${name}/x`))
  })
})

describe("what may be the address in a link", () => {
  it.each<[string, ReadonlyArray<string>, ReadonlyArray<string>]>([
    [
      "https://h/v2/url?u=http-3A__x_-3Fcode-3Da/v2/url?u=b",
      ["http://x/?code=a/v2/url?u=b"],
      []
    ],
    [
      "https://h/v3/__http://x/v3/__?code=a__;!!A",
      ["http://x/v3/__?code=a", "http://x/v3/__?code=a__;!!A"],
      ["http://x/v3/__?code=a", "http://x/v3/__?code=a__;!!A"]
    ],
    [
      "https://h/?ISS=http://y/?code=a",
      ["http://y/?code=a"],
      []
    ],
    [
      "xhttp://y/?code=a",
      ["http://y/?code=a"],
      ["http://y/?code=a"]
    ],
    [
      "https://h/?a=b",
      [],
      []
    ],
    [
      "https://h/out?to=http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db&from=me",
      ["http://x/?code=a&state=b", "http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db&from=me"],
      []
    ],
    [
      "https://h/out#to=http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db",
      ["http://x/?code=a&state=b", "http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db"],
      []
    ],
    [
      "https://h/v2/url?u=http-3A__x_-3Fcode-3Da-26state-3Db&d=D",
      ["http://x/?code=a&state=b"],
      []
    ],
    [
      "https://h/v2/url?u=http-3A__x_-3Fcode-3Da#d",
      ["http://x/?code=a"],
      []
    ],
    [
      "https://h/v2/url?u=&d=code=",
      ["code="],
      []
    ],
    [
      "https://h/v3/__http://x/?code*a**Atate*b__;PSZzPQ!!A",
      ["http://x/?code=a&state=b"],
      ["http://x/?code=a&state=b", "http://x/?code*a**Atate*b__;PSZzPQ!!A"]
    ],
    [
      "https://h/v3/__http://x/?code=*__;!!A",
      ["http://x/?code=*", "http://x/?code=*__;!!A"],
      ["http://x/?code=*", "http://x/?code=*__;!!A"]
    ],
    [
      "https://h/v3/__http://x/?code=a",
      ["http://x/?code=a"],
      ["http://x/?code=a"]
    ],
    [
      "https://h/v2/___http://x/?code=a___.b&state=c___.Yz",
      ["http://x/?code=a___.b&state=c___.Yz"],
      ["http://x/?code=a___.b&state=c", "http://x/?code=a___.b&state=c___.Yz"]
    ],
    [
      "https://h/v2/___http://x/?code=a",
      ["http://x/?code=a"],
      ["http://x/?code=a"]
    ],
    [
      "https://h/___.x/___http://x/?code=a",
      ["http://x/?code=a"],
      ["http://x/?code=a"]
    ],
    [
      "https://h/ck?u=a1aHR0cDovL3gvP2NvZGU9YQ&ntb=1",
      ["http://x/?code=a"],
      []
    ],
    [
      "https://h/aHR0cDovL3gvP2NvZGU9YQ",
      ["http://x/?code=a"],
      []
    ],
    [
      "https://h/1a/HTTP%3A%2F%2Fx%2F%3Fcode%3Da",
      ["https://h/1a/HTTP://x/?code=a", "HTTP%3A%2F%2Fx%2F%3Fcode%3Da"],
      []
    ],
    [
      "https://h/1a/https%253A%252F%252Fx%252F%253Fcode%253Da",
      ["https://h/1a/https%3A%2F%2Fx%2F%3Fcode%3Da", "https%253A%252F%252Fx%252F%253Fcode%253Da"],
      []
    ],
    [
      "about:reader?url=http://x/?code=a&state=b",
      ["http://x/?code=a&state=b", "http://x/?code=a"],
      ["http://x/?code=a&state=b"]
    ],
    [
      "https://h/?iss=x&u=http://y/?code=a",
      ["http://y/?code=a", "http://y/?code=a"],
      ["http://y/?code=a"]
    ],
    [
      "https://h/?iss=http://y/?code=a",
      ["http://y/?code=a"],
      []
    ],
    [
      "https://h/?state=b&u=http://y/?code=a",
      ["http://y/?code=a"],
      []
    ],
    [
      "http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db",
      ["http://x/?code=a&state=b"],
      []
    ],
    [
      "http%253A%252F%252Fx%252F%253Fcode%253Da%2526state%253Db",
      ["http%3A%2F%2Fx%2F%3Fcode%3Da%26state%3Db"],
      []
    ],
    [
      "http://x%2F%3Fcode%3Da%26state%3Db",
      ["http://x/?code=a&state=b"],
      []
    ],
    [
      "http%3A%2F%2Fx%2F%3Fcode%3Da+b",
      ["http://x/?code=a+b"],
      []
    ],
    [
      "https://h/?u=HTTP://y/?code=a",
      ["HTTP://y/?code=a", "HTTP://y/?code=a"],
      ["HTTP://y/?code=a"]
    ],
    [
      "xhttp%3A%2F%2Fy%2F%3Fcode%3Da",
      ["xhttp://y/?code=a", "http%3A%2F%2Fy%2F%3Fcode%3Da"],
      []
    ],
    [
      "https://h/a=b?to=http%3A%2F%2Fx%2F%3Fcode%3Da#d",
      ["http://x/?code=a", "http%3A%2F%2Fx%2F%3Fcode%3Da#d"],
      []
    ],
    [
      "/v2/url?u=http-3A__x_-3Fcode-3Da",
      ["http://x/?code=a"],
      []
    ],
    [
      "/___HTTP://x/?code=a___.Yz",
      ["HTTP://x/?code=a___.Yz"],
      ["HTTP://x/?code=a", "HTTP://x/?code=a___.Yz"]
    ],
    [
      "https://h/___./___http://x/?code=a",
      ["http://x/?code=a"],
      ["http://x/?code=a"]
    ],
    [
      "http://x/?code=a___.b__;c",
      [],
      []
    ],
    [
      "/v3/__http://x/?code*a**Atate*b__;PSZzPQ=!!A",
      ["http://x/?code=a&state=b"],
      ["http://x/?code=a&state=b", "http://x/?code*a**Atate*b__;PSZzPQ=!!A"]
    ],
    [
      "https://h/v3/__http://x/?code=*__;A!!B",
      ["http://x/?code=*", "http://x/?code=*__;A!!B"],
      ["http://x/?code=*", "http://x/?code=*__;A!!B"]
    ],
    [
      "https://h/aHR0cDovL3gvP2NvZGU9w78_",
      ["http://x/?code=\u00ff?"],
      []
    ],
    [
      "code=a%3D",
      [],
      []
    ],
    [
      "a=x%3Fcode%3Db",
      ["x?code=b"],
      []
    ]
  ])("of %s: %j, and where nothing was escaped %j", (link, targets, unescaped) => {
    assert.deepStrictEqual(targetsIn(link), targets)
    assert.deepStrictEqual(unescapedIn(link), unescaped)
  })
})

describe("a wrapped link", () => {
  for (const [name, wrap] of Object.entries(wrappers)) {
    it.prop(`is read as the address in it: ${name}`, [
      FastCheck.oneof(
        FastCheck.constantFrom(
          "4/0AdQ-x_y.z~",
          "a+b/c==",
          "%2F",
          "100%",
          "a&b=c#d?e",
          "https://x/?state=y",
          "*",
          "**A",
          "__;"
        ),
        FastCheck.string({ minLength: 1, maxLength: 40 })
      ),
      FastCheck.constantFrom(...surroundings)
    ], ([code, surround]) => {
      const address = `http://127.0.0.1:8976/callback?code=${
        escaped(code).replace(/\*/g, "%2A")
      }&state=${state}&iss=https%3A%2F%2Fas.example`
      assert.deepStrictEqual(read(surround(wrap(address))), [code, "https://as.example"], wrap(address))
    }, { fastCheck: { numRuns: 40 } })
  }

  it.each([
    ["of an error without state", safeLink("http://127.0.0.1/cb?error=access_denied"), "DenialWithoutState"],
    ["of an answer without state", safeLink("http://127.0.0.1/cb?code=x"), "StateMissing"],
    [
      "of the sign-in page",
      safeLink(`https://as.example/?response_type=code&client_id=a&state=${state}`),
      "AuthorizationUrl"
    ],
    [
      "of the sign-in page, which has an answer in it",
      `https://as.example/?client_id=a&redirect_uri=${escaped(`http://x/?code=a&state=${state}`)}`,
      "AuthorizationUrl"
    ],
    [
      "of a code, and of a state",
      `https://mail.example/?a=${escaped(`http://x/?state=${state}`)}&b=${escaped("http://x/?code=a")}`,
      "StateMissing"
    ],
    [
      "of an answer without state behind something else",
      `https://mail.example/?a=${escaped("http://x/?zipcode=1")}&b=${escaped("http://x/?code=a")}`,
      "StateMissing"
    ],
    [
      "of an answer before an error",
      `https://mail.example/?a=${escaped("http://x/?code=a")}&b=${escaped("http://x/?error=no")}`,
      "StateMissing"
    ],
    ["of another page", safeLink("https://as.example/home"), "WrappedLink"],
    ["that is a short one", "https://t.co/abc", "WrappedLink"],
    ["that keeps its address to itself", "https://protect-eu.mimecast.com/s/abCd?domain=127.0.0.1", "WrappedLink"]
  ])("is named for what it is, %s", (_name, link, reason) => {
    assert.strictEqual(read(link), reason)
  })

  it("is read where it was escaped for HTML itself", () => {
    const address = `http://127.0.0.1/cb?code=a&state=${state}`
    assert.deepStrictEqual(read(`https://www.google.com/url?sa=t&amp;url=${escaped(address)}&amp;usg=AO`), [
      "a",
      undefined
    ])
  })

  it("does not take the place of an answer that has an address in a parameter", () => {
    const inner = escaped(`http://x/?code=b&state=${state}`)
    for (const more of [`&next=${inner}`, `&next=http://x/?a=b`, "&error_uri=http://x/?a=b", `&iss2=${inner}`]) {
      assert.deepStrictEqual(read(`http://127.0.0.1/callback?code=a&state=${state}${more}`), ["a", undefined], more)
    }
    assert.deepStrictEqual(
      read(`http://127.0.0.1/callback?iss=https://as.example/&code=a&state=${state}`),
      ["a", "https://as.example/"]
    )
    assert.deepStrictEqual(
      read(`http://127.0.0.1/cb?scope=x&amp;iss=https://as.example/?t=1&amp;code=a&amp;state=${state}`),
      ["a", "https://as.example/?t=1"]
    )
    assert.deepStrictEqual(read(`http://127.0.0.1/?code=a&x=/___http://x/?error=no___.&state=${state}`), [
      "a",
      undefined
    ])
    // As by HTTP: what is repeated is not chosen from.
    assert.strictEqual(
      read(`http://127.0.0.1/cb?code=a&state=${state}&x=http://x/?code=b&state=${state}`),
      "StateRepeated"
    )
  })

  it("is looked for in the first twelve places alone", () => {
    const answer = escaped(`http://x/?code=a&state=${state}`)
    const behind = (others: number) => read(`https://mail.example/?${"a=zipcode%3D1&".repeat(others)}b=${answer}`)
    assert.deepStrictEqual(behind(11), ["a", undefined])
    assert.strictEqual(behind(12), "NotAResponse")
  })

  it("does not put a code and a state together from two addresses", () => {
    const link = `https://mail.example/?a=${escaped("http://x/?code=a")}&b=${escaped(`http://x/?state=${state}`)}`
    assert.notDeepEqual(read(link), ["a", undefined])
    assert.typeOf(read(link), "string")
  })
})
