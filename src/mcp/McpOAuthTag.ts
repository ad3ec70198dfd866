/**
 * The tag of a sign-in to one MCP server, without its constructors.
 */
import * as Context from "effect/Context"
import type { McpOAuth as Service } from "./McpOAuth.ts"

/** Tag of the service, for programs that sign in to one server. */
export const McpOAuth: Context.Tag<Service, Service> = Context.GenericTag<Service>("effect-oauth-callback/McpOAuth")
