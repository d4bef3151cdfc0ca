import { answer, answering, BROKEN, granted, head, UNUSABLE, type Ending, type HostileCase } from "../hostile-case.js"

const body = granted()
const size = body.length.toString(16)
const chunked = head({ "transfer-encoding": "chunked" })

function saying(title: string, text: string, ends: Ending = BROKEN): HostileCase {
  return { title, play: answering(() => Buffer.from(text, "latin1")), ends }
}

/** What is no HTTP, or contradicts itself. */
export const framing: readonly HostileCase[] = [
  saying("speaks another protocol", "SSH-2.0-OpenSSH_9.6\r\n"),
  saying("answers with an alert of TLS", "\x15\x03\x01\x00\x02\x02\x46"),
  saying("answers with a frame of HTTP/2", "\x00\x00\x12\x04\x00\x00\x00\x00\x00"),
  saying("answers without headers, as HTTP/0.9", body),
  saying("answers with an empty line", "\r\n"),
  saying("has a status that is no number", `HTTP/1.1 abc OK\r\n\r\n${body}`),
  saying("has a status of four digits", `HTTP/1.1 2000 OK\r\n\r\n${body}`),
  saying("switches protocols", head({ connection: "upgrade", upgrade: "h2c" }, "101 Switching Protocols")),
  saying("asks to go on, and gives up", head({}, "100 Continue")),
  saying("has a header without a name", `HTTP/1.1 200 OK\r\n: x\r\n\r\n${body}`),
  saying("has a NUL in a header", `HTTP/1.1 200 OK\r\nx: a\0b\r\n\r\n${body}`),
  saying("has a bare CR in a header", `HTTP/1.1 200 OK\r\nx: a\rb: c\r\n\r\n${body}`),
  saying("gives two lengths", `HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 7\r\n\r\n${body}`),
  saying("gives a negative length", `HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n${body}`),
  saying("gives a length above 2^64", `HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n${body}`),
  saying("gives a length and chunks", `${head({ "content-length": "5", "transfer-encoding": "chunked" })}${size}`),
  saying("gives a length that is too long", head({ "content-length": String(body.length + 1) }) + body),
  saying("gives a length that is too short", head({ "content-length": String(body.length - 1) }) + body, UNUSABLE),
  saying("gives a chunk whose length is no number", `${chunked}zz\r\n${body}\r\n0\r\n\r\n`),
  saying("gives a chunk of 2^68 bytes", `${chunked}fffffffffffffffff\r\n${body}\r\n0\r\n\r\n`),
  saying("gives a negative chunk", `${chunked}-5\r\n${body}\r\n0\r\n\r\n`),
  saying("gives a chunk that is longer than it says", `${chunked}5\r\n${body}\r\n0\r\n\r\n`),
  saying("gives a chunk that is shorter than it says", `${chunked}ffff\r\n${body}\r\n0\r\n\r\n`),
  saying(
    "begins with interim answers",
    "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100) + answer(body).toString(),
    "a token",
  ),
  saying("ends by closing, without a length", head({}) + body, "a token"),
  saying("gives an empty answer", head({ "content-length": "0" }), UNUSABLE),
  saying("gives no content", head({}, "204 No Content"), UNUSABLE),
]
