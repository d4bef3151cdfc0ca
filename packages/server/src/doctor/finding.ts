/** What one check of the doctor has found. Nothing secret is in it. */
export interface Finding {
  readonly outcome: "ok" | "warn" | "fail"
  /** What was looked at, such as `issuer https://id.example.com`. */
  readonly subject: string
  readonly message: string
  /** How to mend it; not with `ok`. */
  readonly hint?: string
}

export function ok(subject: string, message: string): Finding {
  return { outcome: "ok", subject, message }
}

export function warn(subject: string, message: string, hint: string): Finding {
  return { outcome: "warn", subject, message, hint }
}

export function fail(subject: string, message: string, hint: string): Finding {
  return { outcome: "fail", subject, message, hint }
}
