import { expect, test } from "vitest"
import { eventsIn } from "./event-stream.js"

async function eventsOf(...chunks: readonly string[]) {
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(encoder.encode(chunk))
      controller.close()
    },
  })
  const events = []
  for await (const event of eventsIn(body)) events.push(event)
  return events
}

test("events are told wherever the network cuts them", async () => {
  const text = 'event: token\ndata: {"name":"bücher"}\n\nevent: removed\ndata: {"name":"mail"}\n\n'
  const events = [
    { name: "token", data: '{"name":"bücher"}' },
    { name: "removed", data: '{"name":"mail"}' },
  ]
  for (let cut = 0; cut <= text.length; cut += 1) {
    expect(await eventsOf(text.slice(0, cut), text.slice(cut))).toEqual(events)
  }
})

test("a sign of life has no data, and an event that breaks off is none", async () => {
  expect(await eventsOf(":\n\n", "event: token\ndata: {")).toEqual([{ name: "", data: "" }])
})

test("who stops listening ends the stream", async () => {
  let isCancelled = false
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(new TextEncoder().encode("event: token\ndata: 1\n\n")),
    cancel: () => void (isCancelled = true),
  })
  for await (const _event of eventsIn(body)) break
  expect(isCancelled).toBe(true)
})
