/** Every reader of text from outside. */
import { receiving } from "./receiving.ts"
import { servers } from "./servers.ts"
import type { Target } from "./Target.ts"
import { terminal } from "./terminal.ts"

/** All targets. */
export const targets: ReadonlyArray<Target> = [...receiving, ...servers, ...terminal]
