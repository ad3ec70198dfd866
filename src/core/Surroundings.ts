/**
 * Whether a browser that this machine opens is one that the person sees.
 */

/** What is known of where the program runs. */
export interface Surroundings {
  /** `linux`, `darwin`, `win32` … */
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== "" && value !== "0"

/**
 * True where a browser opens on the person's own screen: not over SSH, not in CI, not on a Linux without a display
 * (WSL opens the one of Windows), and not when `BROWSER` is `none`.
 */
export const opensBrowser = ({ env, platform }: Surroundings): boolean => {
  if (env["BROWSER"] === "none" || isSet(env["CI"])) return false
  if (isSet(env["SSH_CONNECTION"]) || isSet(env["SSH_TTY"]) || isSet(env["SSH_CLIENT"])) return false
  if (platform === "darwin" || platform === "win32") return true
  return isSet(env["DISPLAY"]) || isSet(env["WAYLAND_DISPLAY"]) || isSet(env["WSL_DISTRO_NAME"])
}
