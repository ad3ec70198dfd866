/**
 * Where the program runs, and what that means for a person who has to get to a browser and back.
 */

import { isLoopbackRedirect } from "../oauth/RedirectUri.ts"

/** What is known of where the program runs. */
export interface Surroundings {
  /** `linux`, `darwin`, `win32` … */
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Release of the operating system; that of WSL names Microsoft. */
  readonly release?: string | undefined
  /** Whether a file says that this is a container. */
  readonly containerFile?: boolean | undefined
  readonly hostname?: string | undefined
}

/** The environment variables that are looked at; a host that may read no others loses nothing. */
export const variables: ReadonlyArray<string> = [
  "BROWSER",
  "CI",
  "CODEBUILD_BUILD_ID",
  "CODESPACES",
  "DISPLAY",
  "FORCE_HYPERLINK",
  "JENKINS_URL",
  "KUBERNETES_SERVICE_HOST",
  "LOGNAME",
  "NO_COLOR",
  "REMOTE_CONTAINERS",
  "SSH_CLIENT",
  "SSH_CONNECTION",
  "SSH_TTY",
  "TEAMCITY_VERSION",
  "TERM",
  "TF_BUILD",
  "USER",
  "USERNAME",
  "WAYLAND_DISPLAY",
  "WSL_DISTRO_NAME",
  "WSL_INTEROP",
  "container"
]

/**
 * - `local`: a screen of the person's own
 * - `wsl`: Linux within Windows, whose browser opens
 * - `ssh`, `codespace`, `container`: the browser is elsewhere
 * - `ci`: there is no person
 * - `headless`: no screen, for no reason that is known
 */
export type Place = "local" | "wsl" | "ssh" | "codespace" | "container" | "ci" | "headless"

const isSet = (value: string | undefined): boolean => value !== undefined && !/^(?:|0|false|no|off)$/i.test(value)

// Most say `CI`; these do not.
const ciVariables = ["CI", "TF_BUILD", "JENKINS_URL", "TEAMCITY_VERSION", "CODEBUILD_BUILD_ID"]

/** Finds the place. Over SSH or in CI a screen of the machine is not the person's, whatever else is set. */
export const placeOf = ({ containerFile, env, platform, release }: Surroundings): Place => {
  if (ciVariables.some((name) => isSet(env[name]))) return "ci"
  if (isSet(env["CODESPACES"])) return "codespace"
  if (isSet(env["SSH_CONNECTION"]) || isSet(env["SSH_TTY"]) || isSet(env["SSH_CLIENT"])) return "ssh"
  if (["darwin", "win32", "android"].includes(platform)) return "local"
  if (isSet(env["REMOTE_CONTAINERS"]) || isSet(env["KUBERNETES_SERVICE_HOST"])) return "container"
  // Another container that was given a screen (a toolbox, a Flatpak) was given this machine's network too.
  const hasScreen = isSet(env["DISPLAY"]) || isSet(env["WAYLAND_DISPLAY"])
  if (containerFile === true || isSet(env["container"])) return hasScreen ? "local" : "container"
  if (isSet(env["WSL_DISTRO_NAME"]) || isSet(env["WSL_INTEROP"]) || /microsoft/i.test(release ?? "")) return "wsl"
  return hasScreen ? "local" : "headless"
}

// What may stand in a command that a person runs: everything else could be a second command.
const plainName = /^[a-z0-9_][\w.-]*$/i
// Without a zone, which names an interface of this machine and means nothing over there.
const plainAddress = /^[0-9a-f:][0-9a-f.:]*$/i

/**
 * The command that brings a loopback port of the person's machine here, to be run there; `undefined` where `redirectUri`
 * is no loopback address. The host is the address by which this machine was reached, else its name.
 */
export const sshForward = ({ env, hostname }: Surroundings, redirectUri: string): string | undefined => {
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined
  if (url === undefined || !isLoopbackRedirect(url)) return undefined
  const port = url.port || "80"
  const tunnel = `${port}:${url.hostname}:${port}`
  // Brackets are a pattern to some shells; double quotes mean the same to all.
  const written = tunnel.includes("[") ? `"${tunnel}"` : tunnel
  // "client port server port", and without the third word in the older variable.
  const connection = env["SSH_CONNECTION"]?.trim().split(/\s+/) ?? []
  const client = env["SSH_CLIENT"]?.trim().split(/\s+/) ?? []
  const [address = "", sshPort = ""] = connection.length === 4 ? connection.slice(2) : ["", client[2]]
  const name = hostname ?? ""
  const server = plainAddress.test(address) ? address : plainName.test(name) ? name : "this-machine"
  const user = [env["USER"], env["LOGNAME"], env["USERNAME"]].find((each) => each !== undefined && plainName.test(each))
  // Behind a pipe sshd knows neither, and says 65535.
  const other = /^\d{1,5}$/.test(sshPort) && sshPort !== "22" && sshPort !== "65535" ? `-p ${sshPort} ` : ""
  return `ssh -N -L ${written} ${other}${user === undefined ? "" : `${user}@`}${server}`
}
