/** The union that promises reject with has every public field of every error that Effects fail with. */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import type { Cause } from "effect"
import type * as hosted from "../../src/hosted.ts"
import type * as index from "../../src/index.ts"
import type * as mcp from "../../src/mcp.ts"
import type { CallbackError, HostedFailure, McpOAuthFailure } from "../../src/promise.ts"

/** Every error that a module exports a class of. */
type ErrorsOf<Module> = {
  [Name in keyof Module]: Module[Name] extends abstract new (...fields: ReadonlyArray<never>) => infer Made
    ? Made extends Error & { readonly _tag: string } ? Made : never
    : never
}[keyof Module]

/** Its own fields, and `cause` where it tells what that is. */
type Fields<E> = Omit<E, Exclude<keyof Cause.YieldableError | keyof Error, "cause">>

/** The names of the fields that a union lacks, or has with another type. */
type Lacking<E, Union> = E extends { readonly _tag: infer Tag }
  ? Extract<Union, { readonly _tag: Tag }> extends infer One ? [One] extends [never] ? Tag : {
      [Name in keyof Fields<E>]-?: Name extends keyof One
        ? E[Name & keyof E] extends One[Name] | undefined ? never : [Tag, Name]
        : [Tag, Name]
    }[keyof Fields<E>]
  : never
  : never

describe("the union of rejections", () => {
  it("of sign-ins has every field of every error", () => {
    expectTypeOf<Lacking<ErrorsOf<typeof index> | ErrorsOf<typeof mcp>, McpOAuthFailure>>().toBeNever()
  })

  it("of hosted sign-ins has every field of every error", () => {
    expectTypeOf<Lacking<ErrorsOf<typeof hosted>, HostedFailure>>().toBeNever()
  })

  it("of callbacks has every field of every error", () => {
    type OfMcpAlone = "CredentialStoreError"
    expectTypeOf<
      Lacking<Exclude<ErrorsOf<typeof index>, { readonly _tag: OfMcpAlone }>, CallbackError>
    >().toBeNever()
  })

  it("is compared with errors at all", () => {
    expectTypeOf<"DiscoveryError" | "TokenError" | "BindError" | "InvalidOptions">()
      .toExtend<(ErrorsOf<typeof mcp> | ErrorsOf<typeof index>)["_tag"]>()
    expectTypeOf<["DiscoveryError", "url"]>()
      .toExtend<Lacking<mcp.DiscoveryError, Error & { readonly _tag: "DiscoveryError"; readonly server: string }>>()
  })

  it("has the fields that documents name", () => {
    const fieldsOf = (error: HostedFailure) => {
      switch (error._tag) {
        case "UntrustedMetadata":
          return [error.found, error.expected]
        case "DiscoveryError":
          return [error.status, error.retryAfter]
        case "TokenError":
        case "RegistrationError":
          return [error.status, error.retryAfter, error.error, error.description]
        default:
          return []
      }
    }
    assert.isFunction(fieldsOf)
  })
})
