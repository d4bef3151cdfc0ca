import { TokenError } from "evertoken"
import { ConfigError } from "../config/config-error.js"
import { SecretError } from "../config/secret-error.js"
import { ListenError } from "../http/listen-error.js"
import { problemOf, refusalFor, type Problem } from "../http/problem.js"
import { Refusal } from "../http/refusal.js"
import { CommandError, EXIT } from "./command-error.js"

const EXIT_CODES: Readonly<Record<string, number>> = {
  ERR_UNKNOWN_TOKEN: EXIT.unknownToken,
  ERR_REAUTHENTICATION_REQUIRED: EXIT.signInNeeded,
  ERR_BAD_REQUEST: EXIT.usage,
  ERR_SIGN_IN_UNSUITABLE: EXIT.usage,
}

/** As a command says what the server answers with. */
export function failureOfProblem({ code, status, detail, hint }: Problem, cause?: unknown): CommandError {
  const exitCode = EXIT_CODES[code] ?? (status === 503 ? EXIT.unavailable : EXIT.failed)
  return new CommandError(detail, { exitCode, hint, code, cause })
}

/** As a command says what went wrong in this process. The same failure has the same words and exit code as from a server. */
export function failureOf(error: unknown, hint?: string): CommandError {
  if (error instanceof CommandError) return error
  if (error instanceof TokenError || error instanceof Refusal) {
    const refusal = refusalFor(error)
    return failureOfProblem(problemOf(refusal, hint ?? refusal.hint), error)
  }
  if (!(error instanceof Error)) return new CommandError("failed, and nothing tells why")
  if (error instanceof ListenError) return new CommandError(error.message, { hint: error.hint, cause: error })
  const isConfiguration = error instanceof ConfigError || error instanceof SecretError || error instanceof TypeError
  return new CommandError(error.message, { exitCode: isConfiguration ? EXIT.usage : EXIT.failed, cause: error })
}
