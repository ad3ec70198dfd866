/**
 * The sign-in to one MCP server as a layer.
 */
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { InvalidOptions } from "../core/InvalidOptions.ts"
import type { InvalidServerUrl } from "../core/mcp/ServerUrl.ts"
import type { Services } from "./Environment.ts"
import { make, type McpOAuth as Service, type McpOAuthOptions } from "./McpOAuth.ts"
import { McpOAuth } from "./McpOAuthTag.ts"

/** See `McpOAuth.layer`. */
export const layer = <R = never>(
  options: McpOAuthOptions<R>
): Layer.Layer<Service, InvalidOptions | InvalidServerUrl, Exclude<R, Scope.Scope> | Services> =>
  Layer.scoped(McpOAuth, make(options))

/** See `McpOAuth.layerConfig`. */
export const layerConfig = (
  options: Config.Config.Wrap<McpOAuthOptions>
): Layer.Layer<Service, ConfigError | InvalidOptions | InvalidServerUrl, Services> =>
  Layer.scoped(McpOAuth, Effect.flatMap(Effect.suspend(() => Config.unwrap(options)), make))
