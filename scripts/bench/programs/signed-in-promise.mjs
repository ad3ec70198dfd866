// Connects with stored tokens by `./promise`.
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { connect } from "effect-oauth-callback/promise"
import process from "node:process"

const { directory, serverUrl } = JSON.parse(process.argv[2])
const client = new Client({ name: "bench", version: "1.0.0" })
const { oauth } = await connect(client, { serverUrl, store: { appName: "bench", directory } })
process.stdout.write("connected\n")
await oauth.close()
