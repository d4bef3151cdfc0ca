// What sends requests with a token, over what answers at once: all that is left is what it takes itself. `bare` is the same
// without it, with a fixed header.

const HEADERS = { authorization: "Bearer fixed" }
const ANSWER_HEADERS = { "content-type": "application/json" }
const controller = {
  ...{ aborted: false, paused: false, reason: null, rawHeaders: null, rawTrailers: null },
  ...{ abort: () => {}, pause: () => {}, resume: () => {} },
}

/** A dispatch of undici 7 that answers at once. */
function dispatchAtOnce(_request, handler) {
  handler.onRequestStart(controller, null)
  handler.onResponseStart(controller, 200, ANSWER_HEADERS, "OK")
  handler.onResponseEnd(controller, {})
  return true
}

class Answered {
  constructor(resolve, reject) {
    this.resolve = resolve
    this.reject = reject
  }
  onRequestStart() {}
  onResponseStart(_controller, status) {
    this.status = status
  }
  onResponseData() {}
  onResponseEnd() {
    this.resolve(this.status)
  }
  onResponseError(_controller, error) {
    this.reject(error)
  }
}

const answer = new Response(null)
const fetchAtOnce = async () => answer

export function alone({ dispatch, fetch }, url) {
  const { origin, pathname: path } = new URL(url)
  const sent = (dispatch, headers) => () =>
    new Promise((resolve, reject) => dispatch({ origin, path, method: "GET", headers }, new Answered(resolve, reject)))
  const fetched = (fetch, init) => () => fetch(url, init)
  return {
    ...(dispatch && { dispatch: sent(dispatch(dispatchAtOnce)), bareDispatch: sent(dispatchAtOnce, HEADERS) }),
    ...(fetch && { fetch: fetched(fetch(fetchAtOnce)), bareFetch: fetched(fetchAtOnce, { headers: HEADERS }) }),
  }
}
