/**
 * Permissions on Deno.
 */
import { attempt } from "./attempt.ts"

interface Permissions {
  readonly permissions: {
    readonly querySync: (
      descriptor: { name: string; variable?: string; kind?: string; path?: string; command?: string }
    ) => { readonly state: string }
  }
}

/**
 * Whether Deno has granted a permission; elsewhere, always. Using what is not granted would prompt the person in the middle
 * of a sign-in.
 */
export const isGranted = (descriptor: Parameters<Permissions["permissions"]["querySync"]>[0]): boolean => {
  const { Deno } = globalThis as { readonly Deno?: Permissions }
  return Deno === undefined || attempt(() => Deno.permissions.querySync(descriptor).state) === "granted"
}
