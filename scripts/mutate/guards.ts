/**
 * The guards of SECURITY.md: what each is for, how it is taken away, and the test that must fail then. The threats are the
 * headings there, and each test is cited below its threat.
 */

/** One guard. */
export interface Guard {
  /** The heading of SECURITY.md. */
  readonly threat: string
  /** What the guard does. */
  readonly guard: string
  /** The source that has it. */
  readonly file: string
  /** What stands there once, and what takes its place when the guard is taken away. */
  readonly change: readonly [from: string, to: string]
  /** The file that SECURITY.md cites, and a test in it, or how its name begins. */
  readonly test: readonly [file: string, name: string]
  /** The test file to run, where the cited one is run by others. */
  readonly runBy?: string
}

const csrf = "An answer that the person did not ask for (CSRF, code injection)"
const mixUp = "An answer of another server (mix-up, RFC 9207)"
const interception = "Interception of the code (RFC 7636, RFC 8252)"
const squatting = "Taking the port first (port squatting)"
const rebinding = "DNS rebinding"
const background = "Pages in the background (drive-by requests)"
const floods = "Floods of junk"
const slow = "Slow clients, and connections that stay open"
const storms = "Browser storms"
const secrets = "Secrets in errors, logs, traces, pages and the history"
const hostileText = "Malicious text of a server"
const address = "The address that is opened"
const pasted = "Text that is pasted, and keys"
const token = "A token that goes to another server, or along with a redirect"
const processes = "Another process in the way"
const stored = "Stored credentials"
const service = "A web service that signs in many people"
const ssrf = "A server's address that leads into the network of the host (SSRF)"

const listener = { runBy: "test/runtime/HttpListener.test.ts" }

/** All guards, in the order of the threats. */
export const guards: ReadonlyArray<Guard> = [
  {
    threat: csrf,
    guard: "`state` is compared before anything else is read",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: ["return equalInConstantTime(claimed, Redacted.value(state))", "return claimed.length > 0"],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "refuses what does not carry our state exactly once"]
  },
  {
    threat: csrf,
    guard: "every letter of `state` is compared",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: ["index < left.length; index++", "index < left.length - 1; index++"],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "finds a difference in any place"]
  },
  {
    threat: csrf,
    guard: "a repeated `state` is refused",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: ['if (states.length > 1) return Either.left("StateRepeated")', ""],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "refuses what does not carry our state exactly once"]
  },
  {
    threat: csrf,
    guard: "a request is checked before its `state` is asked for",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ["if (!isCallback && !isDone) return refusePath(config, head, target)", ""],
    test: ["test/core/oauth/CallbackRoute.test.ts", "checks target, host, path, method, metadata, form and state"]
  },
  {
    threat: csrf,
    guard: "junk by HTTP ends no flow",
    file: "src/core/oauth/CallbackRoute.ts",
    change: [": refuseWithPage(matched.left)", ': { _tag: "Matched", response: target as never, origin }'],
    test: ["test/laws/listenerLaws.ts", "answers junk with its own status, and the flow goes on"],
    ...listener
  },
  {
    threat: csrf,
    guard: "a pasted address goes to the flow whose `state` it claims",
    file: "src/paste/PasteRouter.ts",
    change: ["claimed === undefined ? undefined : flows.get(claimed)", "[...flows.values()][0]"],
    test: ["test/paste/PasteRouter.test.ts", "gives each flow its own first address and nothing else"]
  },
  {
    threat: csrf,
    guard: "a program's own authorization URL must have the flow's `state`",
    file: "src/core/oauth/AuthorizationUrl.ts",
    change: ['if (!carries("state", Redacted.value(expected.state))) return fail("StateMismatch")', ""],
    test: ["test/core/oauth/AuthorizationUrl.test.ts", "accepts only what brings its answer to this flow"]
  },
  {
    threat: mixUp,
    guard: "`iss` is compared",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: ["expected.issuer !== undefined && !isIssuer(iss, expected.issuer)", "false"],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "accepts an expected issuer to the letter only"]
  },
  {
    threat: mixUp,
    guard: "`iss` is compared before the error is read",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: [
      'new InvalidResponse({ reason: "IssuerMismatch", parameter: "iss" })',
      'new AuthorizationDenied({ error: parameters.get("error") ?? "" })'
    ],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "keeps nothing of the error after an issuer mismatch"]
  },
  {
    threat: mixUp,
    guard: "the issuer in metadata is the one that was asked for",
    file: "src/core/mcp/Metadata.ts",
    change: ["if (asked !== undefined && !sameIssuer(asked, issuer)) {", "if (false) {"],
    test: ["test/mcp/Discovery.checks.test.ts", "is not the one asked for, but "]
  },
  {
    threat: interception,
    guard: "the challenge is a digest of the verifier",
    file: "src/flow/Pkce.ts",
    change: [
      'crypto.subtle.digest("SHA-256", new TextEncoder().encode(Redacted.value(verifier)))',
      "Promise.resolve(new TextEncoder().encode(Redacted.value(verifier)))"
    ],
    test: ["test/flow/Pkce.test.ts", "is that of RFC 7636 appendix B"]
  },
  {
    threat: interception,
    guard: "the verifier is redacted",
    file: "src/flow/Pkce.ts",
    change: ["const verifier = Redacted.make(", "const verifier = Object("],
    test: ["test/flow/Pkce.test.ts", "prints no verifier"]
  },
  {
    threat: interception,
    guard: "a server that does not offer S256 is refused",
    file: "src/core/mcp/Metadata.ts",
    change: ['if (!textsOf(document.code_challenge_methods_supported).includes("S256")) {', "if (false) {"],
    test: [
      "test/core/mcp/Metadata.test.ts",
      "looks at the issuer first, then the endpoints, then what they grant, then PKCE"
    ]
  },
  {
    threat: interception,
    guard: "the browser is sent on to an address without the code",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ["{ location: asQuery ? `?done=${done}` : `/done/${done}` }", "{}"],
    test: [
      "test/laws/listenerLaws.ts",
      "sends the browser on to an address without code and state, where the truth waits"
    ],
    ...listener
  },
  {
    threat: interception,
    guard: "only the address of the named host is bound",
    file: "src/server/bind.ts",
    change: ['listen(host === "[::1]" ? "::1" : "127.0.0.1", port, serve)', 'listen("0.0.0.0" as never, port, serve)'],
    test: [
      "test/server/CallbackServer.test.ts",
      "listens on the address that the host names, and lets go when the scope closes"
    ]
  },
  {
    threat: squatting,
    guard: "a port for localhost needs both families",
    file: "src/server/bind.ts",
    change: ['({ reason }) => reason === "AddressNotAvailable",', "() => true,"],
    test: ["test/laws/listenerLaws.ts", "does not use a port for localhost whose other family a stranger holds"],
    ...listener
  },
  {
    threat: squatting,
    guard: "another port is drawn where a stranger holds the other family",
    file: "src/server/bind.ts",
    change: ["drawsLeft > 0 &&", "false &&"],
    test: ["test/server/CallbackServer.test.ts", "draws another port when a stranger holds it on the other family"]
  },
  {
    threat: rebinding,
    guard: "`Host` names this machine, or the host of the redirect URI",
    file: "src/core/oauth/CallbackRoute.ts",
    change: [
      'if (!config.hosts.has(host) && !(config.loopback && isLoopbackHost(host))) return refuse("WrongHost")',
      ""
    ],
    test: ["test/laws/listenerLaws.ts", "answers junk with its own status, and the flow goes on"],
    ...listener
  },
  {
    threat: rebinding,
    guard: "a loopback name is compared as a whole",
    file: "src/core/oauth/RedirectUri.ts",
    change: [
      "/^(127\\.0\\.0\\.1|localhost|\\[::1\\])(?::(\\d{1,5}))?$/",
      "/(127\\.0\\.0\\.1|localhost|\\[::1\\])(?::(\\d{1,5}))?$/"
    ],
    test: ["test/core/oauth/RedirectUri.test.ts", "takes no other name, and nothing that is no port"]
  },
  {
    threat: background,
    guard: "only a navigation counts (Fetch Metadata)",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ['if (origin === undefined && !isNavigation(head)) return refuse("NotANavigation")', ""],
    test: [
      "test/core/oauth/CallbackRoute.test.ts",
      "lets through only what is right in method, host, path, metadata and state"
    ]
  },
  {
    threat: background,
    guard: "a prefetch does not count",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ['if (isPrefetch(head)) return refuse("Prefetch")', ""],
    test: [
      "test/core/oauth/CallbackRoute.test.ts",
      "lets through only what is right in method, host, path, metadata and state"
    ]
  },
  {
    threat: background,
    guard: "a posted form counts only where it was asked for",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ['config.formPost && head.method === "POST" && !isDone', 'head.method === "POST" && !isDone'],
    test: [
      "test/core/oauth/CallbackRoute.test.ts",
      "lets through only what is right in method, host, path, metadata and state"
    ]
  },
  {
    threat: background,
    guard: "no answer is framed, shows or runs anything",
    file: "src/core/oauth/Answer.ts",
    change: ["; frame-ancestors 'none'", ""],
    test: ["test/core/oauth/Answer.test.ts", "shows nothing, runs nothing and is framed by nobody"]
  },
  {
    threat: background,
    guard: "an answer by `fetch` is for the allowed origins",
    file: "src/core/oauth/CrossOrigin.ts",
    change: ["origins.has(origin)", "true"],
    test: [
      "test/core/oauth/CrossOrigin.test.ts",
      "is answered for no other origin, host or path, and never with a wildcard"
    ]
  },
  {
    threat: floods,
    guard: "headers are bounded",
    file: "src/runtime/HttpListener.ts",
    change: ["const maxHeaderSize = 64 * 1024", "const maxHeaderSize = 64 * 1024 * 1024"],
    test: ["test/laws/listenerLaws.ts", "answers headers of 1 MB with 431"],
    ...listener
  },
  {
    threat: floods,
    guard: "a posted form is bounded",
    file: "src/core/oauth/CallbackRoute.ts",
    change: ["bodyLimit: number = 64 * 1024", "bodyLimit: number = 64 * 1024 * 1024"],
    test: ["test/core/oauth/CallbackRoute.test.ts", "asks for at most 64 KiB of a form"]
  },
  {
    threat: floods,
    guard: "a response of a server is read to a limit",
    file: "src/mcp/ServerRequest.ts",
    change: ["if (bytes > maxBytes) {", "if (false) {"],
    test: ["test/mcp/ServerRequest.test.ts", "that is endless is kept no longer than it is needed"]
  },
  {
    threat: slow,
    guard: "a browser that was sent on and does not come is waited for no longer than a moment",
    file: "src/flow/LastPage.ts",
    change: ["atMost(ReleaseBudget.lastPage, Deferred.await(fetched))", "Deferred.await(fetched)"],
    test: ["test/laws/listenerLaws.ts", "is released within a second when a browser was sent on and does not come"],
    ...listener
  },
  {
    threat: storms,
    guard: "after a sign-in in vain requests open nothing for ten minutes",
    file: "src/core/mcp/PersonGuard.ts",
    change: ["inVain !== undefined && isRecent(inVain.since, now) ? inVain.reason : undefined", "undefined"],
    test: [
      "test/core/mcp/PersonGuard.test.ts",
      "a person sees one window within ten minutes where no token was ever taken"
    ]
  },
  {
    threat: storms,
    guard: "tokens that are refused after a while are replaced three times",
    file: "src/core/mcp/PersonGuard.ts",
    change: ["(count >= maxRenewals && isRecent(since, now) ?", "(false ?"],
    test: ["test/mcp/McpOAuth.storms.test.ts", "takes every other token: three windows within ten minutes"]
  },
  {
    threat: storms,
    guard: "more scopes are asked for three times",
    file: "src/core/mcp/PersonGuard.ts",
    change: ["stepUps < maxStepUps", "true"],
    test: ["test/mcp/McpOAuth.storms.test.ts", "wants another scope each time: three step-ups in all"]
  },
  {
    threat: secrets,
    guard: "the code is redacted",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: [
      "{ code: Redacted.make(code) } : { code: Redacted.make(code), iss }",
      "{ code: code as never } : { code: code as never, iss }"
    ],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "are redacted in what is granted"]
  },
  {
    threat: secrets,
    guard: "what a server repeats of code and state is cut out",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: [
      'return text === "" ? "" : withoutSecrets(text, [parameters.get("state") ?? "", parameters.get("code") ?? ""])',
      "return text"
    ],
    test: ["test/core/page/CallbackPage.test.ts", "holds no code and no state of the response it answers"]
  },
  {
    threat: secrets,
    guard: "a secret is found in any encoding",
    file: "src/core/text/SecretText.ts",
    change: ["for (const reading of readings(part)) {", "for (const reading of [...readings(part)].slice(0, 1)) {"],
    test: ["test/core/text/SecretText.test.ts", "cuts out a token wherever it stands, in any two encodings"]
  },
  {
    threat: secrets,
    guard: "errors of servers are cleared of what was sent to them",
    file: "src/core/mcp/Fault.ts",
    change: ["printable(withoutSecrets(value, secrets), limit)", "printable(value, limit)"],
    test: ["test/core/mcp/Fault.test.ts", "never throws, and shows no secret, whatever the server answers"]
  },
  {
    threat: hostileText,
    guard: "control, format and separator characters become spaces",
    file: "src/core/text/SafeText.ts",
    change: ['.replace(unprintable, " ")', ""],
    test: [
      "test/core/text/SafeText.test.ts",
      "never holds a control, format or separator character, or half a character"
    ]
  },
  {
    threat: hostileText,
    guard: "fields of errors are printable",
    file: "src/core/mcp/PrintableError.ts",
    change: ["[name, printable(value, limits[name] ?? 2048)]", "[name, value]"],
    test: ["test/core/mcp/PrintableError.test.ts", "is printable and short in its message and each of its fields"]
  },
  {
    threat: hostileText,
    guard: "identifiers of servers are plain, or refused",
    file: "src/core/mcp/Metadata.ts",
    change: ['if (!isPlain(issuer, maxIssuerLength)) return Either.left(malformed(server, "issuer", issuer))', ""],
    test: ["test/core/mcp/Metadata.test.ts", "is printable ASCII, or refused wherever it stands"]
  },
  {
    threat: hostileText,
    guard: "an authorization error is printable",
    file: "src/core/oauth/AuthorizationResponse.ts",
    change: ['printable(error, 100) || "unprintable"', "error"],
    test: ["test/core/oauth/AuthorizationResponse.test.ts", "is safe to print, whatever the server wrote"]
  },
  {
    threat: hostileText,
    guard: "text is escaped on a page",
    file: "src/core/page/CallbackPage.ts",
    change: ["<code>${escapeHtml(detail)}</code>", "<code>${detail}</code>"],
    test: ["test/core/page/CallbackPage.test.ts", "shows a server's error as text, and nothing of it as HTML"]
  },
  {
    threat: hostileText,
    guard: "a page has no script and no style but its own",
    file: "src/core/page/CallbackPage.ts",
    change: ["`default-src 'none'; style-src ", "`style-src "],
    test: ["test/core/page/CallbackPage.test.ts", "allows its own style, by its hash, and nothing else: "]
  },
  {
    threat: hostileText,
    guard: "a server's name is printable on the terminal",
    file: "src/core/terminal/SignInScreen.ts",
    change: ['printable(serverName, 80).replace(/\\.$/, "")', 'serverName.replace(/\\.$/, "")'],
    test: [
      "test/core/terminal/SignInScreen.test.ts",
      "lets a server's name write nothing on the terminal but its letters"
    ]
  },
  {
    threat: address,
    guard: "endpoints are https, or on this machine",
    file: "src/core/mcp/Metadata.ts",
    change: ["url !== undefined && urlProblem(url) === undefined &&", "url !== undefined &&"],
    test: ["test/core/mcp/Metadata.test.ts", "never throws, and every endpoint that passed is https or on this machine"]
  },
  {
    threat: address,
    guard: "no shell reads the address",
    file: "src/core/terminal/BrowserChoice.ts",
    change: ['if (program === "" || isShellLine(words)) return []', 'if (program === "") return []'],
    test: [
      "test/core/terminal/BrowserChoice.test.ts",
      "is in every command, unchanged, and in no argument with other words"
    ]
  },
  {
    threat: pasted,
    guard: "within a paste nothing is a key",
    file: "src/core/terminal/LineDecoder.ts",
    change: ["    if (isPasting) return undefined\n", ""],
    test: [
      "test/core/terminal/LineDecoder.test.ts",
      "takes no key from a paste, wherever it is cut, nor where its end never comes"
    ]
  },
  {
    threat: token,
    guard: "the token is sent to the origin of the server alone",
    file: "src/mcp/OriginFetch.ts",
    change: ["let isOwn = target.origin === origin", "let isOwn = true"],
    test: ["test/mcp/OriginFetch.test.ts", "is not sent to another origin, not even first"]
  },
  {
    threat: token,
    guard: "the token stays behind at a redirect out of the origin",
    file: "src/mcp/OriginFetch.ts",
    change: ["isOwn &&= next.origin === origin", ""],
    test: ["test/mcp/OriginFetch.test.ts", "never reaches another origin, nor comes back, whatever the chain"]
  },
  {
    threat: token,
    guard: "a redirect is checked before it is followed",
    file: "src/mcp/OriginFetch.ts",
    change: ["if (!mayLeadTo(url, next)) {", "if (false) {"],
    test: ["test/mcp/OriginFetch.test.ts", "is not followed to "]
  },
  {
    threat: token,
    guard: "a server elsewhere leads not to this machine",
    file: "src/core/mcp/SecureUrl.ts",
    change: ["(!reachesThisMachine(to) && !isLinkLocal(to) &&", "("],
    test: ["test/core/mcp/SecureUrl.test.ts", "a server elsewhere leads not to "]
  },
  {
    threat: token,
    guard: "a request of a sign-in leaves the origin by no redirect",
    file: "src/mcp/ServerRequest.ts",
    change: ["to.origin === new URL(from).origin &&", ""],
    test: ["test/mcp/ServerRequest.test.ts", "to another origin is not followed"]
  },
  {
    threat: processes,
    guard: "what another process tells is an http(s) address",
    file: "src/core/mcp/SignInElsewhere.ts",
    change: ['parsed.protocol === "https:" || parsed.protocol === "http:" ?', "parsed.protocol ?"],
    test: ["test/core/mcp/SignInElsewhere.test.ts", "is nothing that it is not: "]
  },
  {
    threat: processes,
    guard: "over a pipe that others can enter no address is told",
    file: "src/runtime/lease/PipeLease.ts",
    change: ["isPrivate && listener.tell(text)", "listener.tell(text)"],
    test: ["test/runtime/lease/PipeLease.test.ts", "tells only who has it where others of the machine can listen"]
  },
  {
    threat: stored,
    guard: "folder and files are private, and repaired",
    file: "src/runtime/PrivateFolder.ts",
    change: ["await handle.chmod(mode).catch(() => {})", ""],
    test: [
      "test/runtime/FileCredentialStore.test.ts",
      "are repaired by a load and by a modify, and nobody else's folder is touched"
    ]
  },
  {
    threat: stored,
    guard: "nothing of another user's is used",
    file: "src/runtime/PrivateFolder.ts",
    change: ["if (!users.includes(stats.uid)) {", "if (false) {"],
    test: ["test/runtime/FileCredentialStore.test.ts", "is a folder, or a file, of another user, who is named"]
  },
  {
    threat: stored,
    guard: "no link is followed",
    file: "src/runtime/PrivateFolder.ts",
    change: ["const toRead = O_RDONLY | O_NOFOLLOW | O_NONBLOCK", "const toRead = O_RDONLY | O_NONBLOCK"],
    test: [
      "test/runtime/FileCredentialStore.test.ts",
      "is a link in place of its folder, before it is opened or afterwards"
    ]
  },
  {
    threat: stored,
    guard: "files are 0600",
    file: "src/runtime/PrivateFolder.ts",
    change: [
      "reserved === undefined ? toCreate : O_WRONLY | O_NOFOLLOW, 0o600)",
      "reserved === undefined ? toCreate : O_WRONLY | O_NOFOLLOW, 0o666)"
    ],
    test: ["test/runtime/FileCredentialStore.test.ts", "are 0700 and 0600 under any umask"]
  },
  {
    threat: service,
    guard: "what waits is found with the cookie alone",
    file: "src/hosted/BrowserCookie.ts",
    change: [
      "Redacted.make(`${Redacted.value(state)}.${cookie}`)",
      "Redacted.make(`${Redacted.value(state)}.${cookie.slice(0, 0)}`)"
    ],
    test: [
      "test/hosted/HostedSignIn.test.ts",
      "takes an answer from the browser with the cookie alone, where the sign-in is bound to it"
    ]
  },
  {
    threat: service,
    guard: "what waits is encrypted under what the browser brings",
    file: "src/hosted/Sealed.ts",
    change: ['importKey("raw", bytesOf(Redacted.value(secret)), ', 'importKey("raw", bytesOf(""), '],
    test: ["test/hosted/Sealed.test.ts", "opens with the same secret and purpose alone, and only what nobody changed"]
  },
  {
    threat: ssrf,
    guard: "addresses that are not public are refused",
    file: "src/core/hosted/TargetCheck.ts",
    change: [
      "const kind = addresses.map(AddressRange.kindOf).find((each) => each !== undefined)",
      "const kind = undefined"
    ],
    test: [
      "test/hosted/GuardedFetch.test.ts",
      "asks no authorization server there, no registration endpoint, and follows no redirect there"
    ]
  },
  {
    threat: ssrf,
    guard: "no redirect is followed unchecked",
    file: "src/hosted/GuardedFetch.ts",
    change: ['redirect: init?.redirect === "error" ? "error" : "manual"', 'redirect: "follow"'],
    test: [
      "test/hosted/GuardedFetch.test.ts",
      "hands each redirect to who calls, so that it is checked before it is followed"
    ]
  }
]
