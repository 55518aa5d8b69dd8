// Posts one message as somebody and prints what is answered. Node 18 or newer, nothing else.
//
//     HUIFANG_SECRET=whsec_… node http_client.mjs https://huifang.example.com u1 "/help"
import { createHmac, randomUUID } from 'node:crypto'

const key = Buffer.from(process.env.HUIFANG_SECRET.replace(/^whsec_/, ''), 'base64')
const [service, person, text] = process.argv.slice(2)

// Signs the body, or path and query where there is none, and returns the JSON of the answer.
async function call (path, body) {
  const id = `msg_${randomUUID()}`
  const now = Math.floor(Date.now() / 1000)
  const signature = createHmac('sha256', key).update(`${id}.${now}.${body ?? path}`).digest('base64')
  const headers = { 'webhook-id': id, 'webhook-timestamp': `${now}`, 'webhook-signature': `v1,${signature}` }
  headers['content-type'] = 'application/json'
  const answer = await fetch(service + path, { method: body ? 'POST' : 'GET', headers, body })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.json()
}

const messages = after => call('/webhooks/http/messages?' + new URLSearchParams({ from: person, after }))

const { last_seq: after } = await messages(0) // a long conversation comes in pages of 200: go on until nothing is new
const taken = await call('/webhooks/http', JSON.stringify({ from: person, text }))
console.log('duplicate:', taken.duplicate)
for (const said of (await messages(after)).messages) {
  console.log(said.text, ...said.choices.map(choice => `\n  [${choice.label}] ${choice.id}`))
}
