/**
 * Where the D-Bus session bus of a person listens (D-Bus specification, "Server Addresses").
 */

const unescaped = (value: string): string =>
  value.replace(
    /(?:%[\da-f]{2})+/gi,
    (escapes) =>
      new TextDecoder().decode(Uint8Array.from(escapes.slice(1).split("%"), (digits) => Number.parseInt(digits, 16)))
  )

const socketOf = (address: string): ReadonlyArray<string> => {
  const [transport, ...rest] = address.split(":")
  if (transport !== "unix") return []
  const fields = new Map(
    rest.join(":").split(",").map((field) => {
      const at = field.indexOf("=")
      return [field.slice(0, at), unescaped(field.slice(at + 1))] as const
    })
  )
  const [path, abstract] = [fields.get("path"), fields.get("abstract")]
  // The name of an abstract socket begins with a zero byte, where a path has its first letter.
  return path !== undefined ? [path] : abstract !== undefined ? [`\0${abstract}`] : []
}

/**
 * The sockets to try, in turn.
 *
 * @param env - `DBUS_SESSION_BUS_ADDRESS` counts; without it, the socket `bus` in `XDG_RUNTIME_DIR`.
 * @returns `undefined` where nothing names a bus; no socket where none of the addresses is one on this machine.
 */
export const sessionBus = (
  env: { readonly DBUS_SESSION_BUS_ADDRESS?: string | undefined; readonly XDG_RUNTIME_DIR?: string | undefined }
): ReadonlyArray<string> | undefined => {
  const { DBUS_SESSION_BUS_ADDRESS: address = "", XDG_RUNTIME_DIR: folder = "" } = env
  if (address !== "") return address.split(";").flatMap(socketOf)
  return folder.startsWith("/") ? [`${folder}/bus`] : undefined
}
