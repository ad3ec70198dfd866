/**
 * The little of D-Bus that it takes to ask a service whether it is there: calls with texts as arguments, and which answer
 * came (D-Bus specification, "Message Protocol").
 */

/** A method of an object of a service. */
export interface Call {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  /** Texts only. */
  readonly args?: ReadonlyArray<string>
}

/** What a call is answered with; `error` is the name of an error. */
export interface Reply {
  readonly to: number
  readonly error?: string | undefined
}

const utf8 = new TextEncoder()

const call = { type: 1, flags: 0, protocol: 1 }
const field = { path: 1, interface: 2, member: 3, error: 4, replyTo: 5, destination: 6, signature: 8 }

/** Bytes that grow, little-endian, each value at a multiple of its own size. */
const makeWriter = () => {
  const bytes: Array<number> = []
  const align = (size: number) => {
    while (bytes.length % size !== 0) bytes.push(0)
  }
  const u32 = (value: number) => {
    align(4)
    bytes.push(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24)
  }
  return {
    bytes,
    align,
    u32,
    byte: (value: number) => void bytes.push(value),
    text: (value: string) => {
      const encoded = utf8.encode(value)
      u32(encoded.length)
      bytes.push(...encoded, 0)
    },
    signature: (value: string) => void bytes.push(value.length, ...utf8.encode(value), 0)
  }
}

/**
 * The bytes of a call.
 *
 * @param serial - Not 0; the reply names it.
 */
export const encodeCall = (serial: number, { args = [], ...to }: Call): Uint8Array => {
  const body = makeWriter()
  for (const arg of args) body.text(arg)
  const fields = makeWriter()
  const put = (code: number, type: string, value: string) => {
    fields.align(8)
    fields.byte(code)
    fields.signature(type)
    if (type === "g") fields.signature(value)
    else fields.text(value)
  }
  put(field.path, "o", to.path)
  put(field.destination, "s", to.destination)
  put(field.interface, "s", to.interface)
  put(field.member, "s", to.member)
  if (args.length > 0) put(field.signature, "g", "s".repeat(args.length))
  const message = makeWriter()
  message.byte("l".charCodeAt(0))
  for (const value of [call.type, call.flags, call.protocol]) message.byte(value)
  message.u32(body.bytes.length)
  message.u32(serial)
  message.u32(fields.bytes.length)
  // These start at a multiple of 8, as all that is aligned in them was measured from 0.
  const head = [...message.bytes, ...fields.bytes]
  while (head.length % 8 !== 0) head.push(0)
  return Uint8Array.from([...head, ...body.bytes])
}

/** More than any answer to our calls has: what says to be longer is no D-Bus. */
const maxBytes = 1_048_576

const replyOf = (view: DataView, end: number, little: boolean): Reply | undefined => {
  const type = view.getUint8(1)
  const found = new Map<number, string | number>()
  let at = 16
  while (at < end) {
    at = Math.ceil(at / 8) * 8
    const code = view.getUint8(at)
    const signature = String.fromCharCode(view.getUint8(at + 2))
    if (view.getUint8(at + 1) !== 1) return undefined
    at += 4
    if (signature === "g") {
      at += view.getUint8(at) + 2
      continue
    }
    at = Math.ceil(at / 4) * 4
    const value = view.getUint32(at, little)
    at += 4
    if (signature === "u") {
      found.set(code, value)
    } else if (signature === "s" || signature === "o") {
      found.set(code, new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, value)))
      at += value + 1
    } else {
      return undefined
    }
  }
  const [to, error] = [found.get(field.replyTo), found.get(field.error)]
  if (typeof to !== "number" || (type !== 2 && type !== 3)) return undefined
  return { to, ...(type === 3 && { error: typeof error === "string" ? error : "" }) }
}

/**
 * The first message of what has come. Never throws.
 *
 * @returns how many bytes it has, and its reply, where it is one; `undefined` while it is not whole; `"broken"` when this is
 * no D-Bus.
 */
export const decodeFirst = (
  bytes: Uint8Array
): { readonly length: number; readonly reply: Reply | undefined } | "broken" | undefined => {
  if (bytes.length < 16) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const order = String.fromCharCode(view.getUint8(0))
  if (order !== "l" && order !== "B") return "broken"
  const little = order === "l"
  const fieldsEnd = 16 + view.getUint32(12, little)
  const length = Math.ceil(fieldsEnd / 8) * 8 + view.getUint32(4, little)
  if (length > maxBytes) return "broken"
  if (bytes.length < length) return undefined
  try {
    return { length, reply: replyOf(view, fieldsEnd, little) }
  } catch {
    return "broken"
  }
}
