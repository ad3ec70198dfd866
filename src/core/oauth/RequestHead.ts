/**
 * A request, as far as it is read before its body.
 */

/**
 * The head of a request as it was sent: nothing is decoded or resolved.
 *
 * @since 0.1.0
 * @category models
 */
export interface RequestHead {
  /** The HTTP method, as it was sent: `GET`, `POST` … */
  readonly method: string
  /** The request target: `/path?query`, or an absolute URL as proxies receive it (RFC 9112 section 3.2). */
  readonly target: string
  /** The values of all `Host` headers. */
  readonly hosts: ReadonlyArray<string>
  /** The value of a header, by its lower-case name; the values of a repeated header are joined by `, `. */
  readonly header: (name: string) => string | undefined
  /** All headers, where the server has them at hand, by their lower-case names. */
  readonly headers?: Readonly<Record<string, string | ReadonlyArray<string> | undefined>> | undefined
}

/** Whether a header has this value, in whatever case, or is absent: not every browser sends it. */
export const isOrAbsent = (head: RequestHead, name: string, value: string): boolean =>
  (head.header(name)?.trim().toLowerCase() ?? value) === value
