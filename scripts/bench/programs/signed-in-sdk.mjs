// Connects the SDK's client with a constant token: the base of the ratio.
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import process from "node:process"

const { accessToken, serverUrl } = JSON.parse(process.argv[2])
const client = new Client({ name: "bench", version: "1.0.0" })
const requestInit = { headers: { authorization: `Bearer ${accessToken}` } }
await client.connect(new StreamableHTTPClientTransport(new URL(serverUrl), { requestInit }))
process.stdout.write("connected\n")
await client.close()
