/**
 * Reading a body of bounded size.
 */

/** The text of a body; `undefined` for one of more bytes, of which no more is read. Rejects as the stream does. */
export const readText = async (
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number
): Promise<string | undefined> => {
  if (body === null) return ""
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > maxBytes) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}
