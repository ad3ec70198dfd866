/** Reads package-lock.json. */

/** An entry of the lock file. */
export interface Locked {
  readonly version: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** The lock file. */
export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>
}

/** An optional package that another one depends on and the lock file lacks. */
export interface Missing {
  readonly name: string
  readonly version: string
  readonly by: Locked
}

/** The packages for which `npm ci` would refuse the lock file. */
export const missingOptional = ({ packages }: Lock): ReadonlyArray<Missing> =>
  Object.entries(packages).flatMap(([path, by]) =>
    Object.entries(by.optionalDependencies ?? {})
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
      .map(([name, version]) => ({ name, version, by }))
  )

const systems = ["aix", "android", "darwin", "freebsd", "linux", "netbsd", "openbsd", "openharmony", "sunos", "win32"]
const processors = ["arm", "arm64", "ia32", "loong64", "mips64el", "ppc64", "riscv64", "s390x", "x64"]

/** An entry that npm installs on one system only, which it reads from the package's name: `@esbuild/linux-x64`. */
export const forSystem = ({ by, name, version }: Missing): Locked => {
  const words = name.split(/[/-]/)
  const os = words.filter((word) => systems.includes(word))
  const cpu = words.filter((word) => processors.includes(word))
  if (os.length !== 1 || cpu.length !== 1 || !/^\d/.test(version)) {
    throw new Error(`Cannot tell the system of ${name}@${version}. Add it to package-lock.json by hand`)
  }
  const libc = words.includes("musl")
    ? ["musl"]
    : words.some((word) => /^(gnu|glibc)/.test(word))
    ? ["glibc"]
    : undefined
  return { version, cpu, dev: by.dev, libc, optional: true, os } as Locked
}
