// Begin here: who has a session sees the board, everybody else the form for the key.
import { Board } from "./board.js"
import { find, setText } from "./dom.js"
import { openSession, prepareKeyForm } from "./key-form.js"
import { LiveEvents } from "./live-events.js"
import { prepareRevokeDialog } from "./revoke-dialog.js"
import { prepareSignInDialog } from "./sign-in-dialog.js"
import { ask, forgetSession, SESSION_OVER } from "./server.js"
import { clockWords } from "./time-words.js"

const keyView = find(document, "#key-view", HTMLElement)
const boardView = find(document, "#board", HTMLElement)
const signOutButton = find(document, "#sign-out", HTMLButtonElement)
const connection = find(document, "#connection", HTMLElement)
const lost = find(document, "#lost", HTMLElement)

const board = new Board()
const events = new LiveEvents({
  onConnected: () => void connected(),
  onLost: notConnected,
  onEvent: ({ name, data }) => {
    if (name === "token") board.update(JSON.parse(data))
    else if (name === "removed") board.remove(JSON.parse(data).name)
    else if (name === "incident") board.add(JSON.parse(data))
  },
})

async function connected() {
  setText(connection, "Live")
  connection.dataset["tone"] = "good"
  lost.hidden = true
  // what fails here fails because the connection does, which is begun anew
  await board.load().catch(() => undefined)
}

/** @param {number | undefined} seenAt */
function notConnected(seenAt) {
  setText(connection, "Not connected")
  connection.dataset["tone"] = "bad"
  const seen = seenAt === undefined ? "" : `, last seen ${clockWords(seenAt)}`
  setText(lost, `Not connected${seen}, trying again. What is shown may be over. Is the server running? evertoken serve`)
  lost.hidden = false
}

function showBoard() {
  keyView.hidden = true
  boardView.hidden = false
  signOutButton.hidden = false
  events.start()
}

function showKeyForm() {
  forgetSession()
  events.stop()
  for (const dialog of document.querySelectorAll("dialog")) dialog.close()
  board.clear()
  setText(find(document, "#summary", HTMLElement), "")
  setText(connection, "")
  boardView.hidden = true
  signOutButton.hidden = true
  keyView.hidden = false
  find(keyView, "#api-key", HTMLInputElement).focus()
}

async function hasSession() {
  const answer = await ask("GET", "/session")
  return (await answer.json()).isOpen === true
}

/** What a link of the command has behind its #, which no server is told, opens a session once. */
async function takeCode() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code")
  if (code === null) return
  history.replaceState(null, "", location.pathname)
  // one that is used up changes nothing: perhaps there is a session already
  await openSession(code).catch(() => undefined)
}

prepareRevokeDialog()
prepareSignInDialog()
prepareKeyForm(() => {
  showBoard()
  find(document, "#tokens-title", HTMLElement).focus()
})
signOutButton.addEventListener("click", () => {
  void ask("DELETE", "/session").then(showKeyForm, showKeyForm)
})
await takeCode()
addEventListener(SESSION_OVER, () => {
  // with the form at hand it is the key that was refused
  if (keyView.hidden) showKeyForm()
})
if (await hasSession()) showBoard()
else showKeyForm()
