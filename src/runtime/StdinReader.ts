/**
 * Reads stdin while flows wait, and leaves it as it was found.
 */
import process from "node:process"
import { StringDecoder } from "node:string_decoder"

// Lines of one paste arrive this close together; a person types slower.
const pauseMillis = 25

/** Starts reading stdin, calling back with what was pasted in one go; the result stops it. */
export const attach = (onText: (text: string) => void): () => void => {
  const { stdin } = process
  if (stdin.destroyed || stdin.readableEnded) return () => {}
  const wasFlowing = stdin.readableFlowing === true
  // A decoder of our own: `setEncoding` would stay behind for the host.
  const decoder = new StringDecoder("utf8")
  let text = ""
  let timer: ReturnType<typeof setTimeout> | undefined
  const flush = () => {
    clearTimeout(timer)
    const whole = text
    text = ""
    if (whole.trim() !== "") onText(whole)
  }
  const onData = (chunk: Uint8Array | string) => {
    text += typeof chunk === "string" ? chunk : decoder.write(Buffer.from(chunk))
    clearTimeout(timer)
    if (/[\r\n]/.test(text)) timer = setTimeout(flush, pauseMillis)
  }
  const onError = () => {}
  stdin.on("data", onData)
  stdin.on("end", flush)
  stdin.on("error", onError)
  return () => {
    clearTimeout(timer)
    stdin.off("data", onData)
    stdin.off("end", flush)
    stdin.off("error", onError)
    if (!wasFlowing) stdin.pause()
  }
}
