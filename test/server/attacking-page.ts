/** What a page does without its user: everything that a browser lets it try on a server of this machine. As a program for the page. */
export function attackOn(url: string, key: string): string {
  return `(${ATTACK})(${JSON.stringify(url)}, ${JSON.stringify(key)})`
}

const ATTACK = `async (url, key) => {
  const outcome = (promise) => promise.then(String, () => "refused")
  const headers = { "x-evertoken-request": "1", authorization: "Bearer " + key }
  const loaded = (tag) =>
    new Promise((resolve) => {
      const element = document.createElement(tag)
      element.onload = () => resolve("loaded")
      element.onerror = () => resolve("error")
      element.src = url + "/tokens/app"
      document.body.append(element)
    })
  const frame = async () => {
    await loaded("iframe")
    return document.querySelector("iframe").contentDocument === null ? "nothing" : "read"
  }
  const form = async () => {
    const target = Object.assign(document.createElement("iframe"), { name: "target" })
    const fields = { method: "post", action: url + "/tokens/app/refresh", target: "target", enctype: "text/plain" }
    const element = Object.assign(document.createElement("form"), fields)
    document.body.append(target, element)
    const answered = new Promise((resolve) => (target.onload = resolve))
    element.submit()
    await answered
    return "sent"
  }
  const socket = () =>
    new Promise((resolve) => {
      const opened = new WebSocket(url.replace("http", "ws") + "/tokens/app/wait")
      opened.onopen = () => resolve("open")
      opened.onerror = () => resolve("error")
    })
  const opaque = async () => {
    const response = await fetch(url + "/tokens/app", { mode: "no-cors" })
    return response.type === "opaque" && (await response.text()) === "" ? "opaque, of which nothing can be read" : "read"
  }
  return {
    read: await outcome(fetch(url + "/tokens/app")),
    withKey: await outcome(fetch(url + "/tokens/app", { headers })),
    opaque: await outcome(opaque()),
    revoke: await outcome(fetch(url + "/tokens/app", { method: "DELETE", headers })),
    form: await form(),
    image: await loaded("img"),
    script: await loaded("script"),
    frame: await frame(),
    socket: await socket(),
  }
}`
