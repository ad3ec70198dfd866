/**
 * For a program that has the whole terminal (Ink, blessed, a REPL of its own): it reads stdin and draws the screen itself, so the
 * package must do neither. `present` puts the sign-in on your screen, and what your input line reads goes to `submit`.
 *
 *     npm install effect-oauth-callback && npm pkg set type=module
 *     npx tsx terminalHost.ts            with your server in place of mcp.example.com
 *     npx tsx terminalHost.ts --local    with a server of this machine, and a browser that agrees to everything
 *
 * It prints:
 *
 *     screen: Sign in to 127.0.0.1:49152, or paste the address here:
 *     screen: Signed in to 127.0.0.1:49152
 *
 * With Ink the same is a component:
 *
 *     const SignIn = () => {
 *       const [pending, setPending] = useState<PendingSignIn>()
 *       useEffect(() => {
 *         const present = (next: PendingSignIn) => {
 *           setPending(next)
 *           next.signal.addEventListener("abort", () => setPending(undefined))
 *         }
 *         createMcpOAuth({ serverUrl, present, openBrowser: true, prompt: false }).then(setOauth)
 *       }, [])
 *       return pending && <Box><Text>Sign in: {pending.url.href}</Text><TextInput onSubmit={(text) => oauth.submit(text)} /></Box>
 *     }
 */
import { createMcpOAuth, type PendingSignIn } from "effect-oauth-callback/promise"
import { createInterface } from "node:readline"
import "./localServers.ts" // --local

const draw = (line: string) => console.log(`screen: ${line}`)
// The host's own input line, which reads stdin all the time.
const input = createInterface({ input: process.stdin })
input.on("line", (line) => {
  // What is no answer is explained, and the wait goes on.
  oauth.submit(line).catch((refused: Error) => draw(refused.message))
})

const present = ({ serverName, signal }: PendingSignIn): void => {
  draw(`Sign in to ${serverName}, or paste the address here:`) // and its `url`
  signal.addEventListener("abort", () => draw(`Signed in to ${serverName}`))
}

const serverUrl = process.env.SERVER_URL ?? "https://mcp.example.com/mcp"
// `openBrowser: true`, because with `present` none is opened; `prompt: false`, because stdin is the host's.
const oauth = await createMcpOAuth({ serverUrl, present, openBrowser: true, prompt: false })
await oauth.ensure()
await oauth.close()
input.close()
