/**
 * The authorization endpoint of the authorization server, and its sign-in page.
 */
import { type Answer, escapeHtml, page } from "./Answer.ts"
import type { AuthorizationServerKnobs } from "./AuthorizationServerKnobs.ts"
import type { Client, Clients } from "./Clients.ts"
import type { Grants } from "./Grants.ts"
import { type RecordedRequest, repeatedIn } from "./RecordedRequest.ts"

/** Both addresses. */
export interface AuthorizeEndpoint {
  readonly authorize: (request: RecordedRequest) => Answer
  /** Where the form of the sign-in page is sent. */
  readonly consent: (request: RecordedRequest) => Answer
}

type Fields = Readonly<Record<string, string>>

/** The page with the question. Its form brings the request back, with a name and an answer. */
const signInPage = (client: Client, action: string, subject: string): Answer =>
  page(
    200,
    "Sign in",
    `<p><b>${escapeHtml(String(client.client_name ?? client.client_id))}</b> asks to act for you.</p>
<form method="post" action="${escapeHtml(action)}">
<p><label>Name <input name="user" value="${escapeHtml(subject)}"></label></p>
<p><button name="answer" value="allow">Sign in</button> <button name="answer" value="deny">Cancel</button></p>
</form>
`
  )

const unknownClient = (id: string): Answer =>
  page(
    400,
    "Unknown client",
    `<p>Nobody registered <code>${escapeHtml(id.slice(0, 200))}</code> here. ${
      /^https?:/.test(id) ? "This server fetches no client ID metadata document. " : ""
    }Add it with <code>server.addClient({ client_id, redirect_uris: [redirectUri] })</code>.</p>
`
  )

const issOf = (issuer: string, sent: AuthorizationServerKnobs["issSent"]): string | undefined => {
  if (typeof sent === "object") return sent.value
  return { right: issuer, slash: `${issuer}/`, wrong: "https://other.example", none: undefined }[sent]
}

/** What is wrong with a request whose client and redirect URI are right. */
const faultOf = (params: URLSearchParams): Fields | undefined => {
  const repeated = repeatedIn(params)
  const invalid = (description: string) => ({ error: "invalid_request", error_description: description })
  if (repeated !== undefined) return invalid(`${repeated} is there twice`)
  if (params.get("response_type") !== "code") return { error: "unsupported_response_type" }
  if (params.get("code_challenge_method") !== "S256" || !/^[\w-]{43}$/.test(params.get("code_challenge") ?? "")) {
    return invalid("PKCE with S256 is required")
  }
  return undefined
}

/** The endpoint over these clients and grants. */
export const makeAuthorizeEndpoint = (
  issuer: string,
  knobs: AuthorizationServerKnobs,
  clients: Clients,
  grants: Grants
): AuthorizeEndpoint => {
  const redirect = (params: URLSearchParams, fields: Fields): Answer => {
    const url = new URL(params.get("redirect_uri") ?? "")
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value)
    const state = params.get("state")
    if (state !== null && knobs.stateSent !== "none") {
      url.searchParams.set("state", knobs.stateSent === "right" ? state : `${state}x`)
    }
    const iss = issOf(issuer, knobs.issSent)
    if (iss !== undefined) url.searchParams.set("iss", iss)
    return { status: 302, headers: { location: url.href } }
  }

  const grant = (params: URLSearchParams, clientId: string, subject: string): Answer => {
    const code = grants.addCode({
      clientId,
      redirectUri: params.get("redirect_uri") ?? "",
      challenge: params.get("code_challenge") ?? "",
      scopes: knobs.grantScopes(params.get("scope")?.split(" ").filter((scope) => scope !== "") ?? []),
      audience: params.getAll("resource"),
      subject
    })
    return redirect(params, { code })
  }

  /** The client of a request that may be answered by a redirect, or the page that says why it may not. */
  const trusted = (params: URLSearchParams): Client | Answer => {
    const client = clients.all.get(params.get("client_id") ?? "")
    if (client === undefined) return unknownClient(params.get("client_id") ?? "")
    return clients.allowsRedirect(client, params.get("redirect_uri") ?? "")
      ? client
      : page(400, "The redirect URI is not registered")
  }

  const isClient = (found: Client | Answer): found is Client => "client_id" in found

  return {
    authorize: ({ params }) => {
      const client = trusted(params)
      if (!isClient(client)) return client
      if (knobs.authorize === "page") return page(200, "Do you agree?")
      if (typeof knobs.authorize === "object") {
        const { description, error } = knobs.authorize
        return redirect(params, { error, ...(description === undefined ? {} : { error_description: description }) })
      }
      const fault = faultOf(params)
      if (fault !== undefined) return redirect(params, fault)
      return knobs.authorize === "ask"
        ? signInPage(client, `${issuer}/consent?${params}`, knobs.subject)
        : grant(params, client.client_id, knobs.subject)
    },
    consent: ({ method, params: form, target }) => {
      if (method !== "POST") return page(405, "Only a form")
      const params = new URL(target, issuer).searchParams
      const client = trusted(params)
      if (!isClient(client)) return client
      const fault = faultOf(params)
      if (fault !== undefined) return redirect(params, fault)
      return form.get("answer") === "allow"
        ? grant(params, client.client_id, form.get("user") ?? knobs.subject)
        : redirect(params, { error: "access_denied", error_description: "the person said no" })
    }
  }
}
