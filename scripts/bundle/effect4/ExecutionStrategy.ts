/** In which order a scope runs its finalizers. */
export type ExecutionStrategy = "sequential" | "parallel"

export const sequential = "sequential"
export const parallel = "parallel"
