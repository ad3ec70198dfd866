/** The references of a fiber of Effect 3: nobody can change what a bundle's fibers have. */
export const getOrDefault = <A>(_refs: undefined, ref: A): A => ref
