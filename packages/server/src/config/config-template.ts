/** Where editors find the JSON schema of the configuration. */
const SCHEMA_URL = "https://unpkg.com/@evertoken/server/evertoken.schema.json"

/**
 * The commented `evertoken.yaml` that `evertoken init` writes. It is valid as it stands, and with each example in it, whose
 * lines begin with a `#` in place of nothing: what follows has its indentation already.
 */
export const configTemplate = `# yaml-language-server: $schema=${SCHEMA_URL}

# The tokens that evertoken keeps ready. To use an example, take away the "#" that its lines begin with, and nothing else.
# Secrets never stand in here, but where they are: env:NAME, file:PATH or keyring:SERVICE/ACCOUNT.
# Paths are relative to this file; "~/" is the home directory. Times are 500ms, 90s, 5m, 1h or 30d.
# This file must not be writable to others: chmod 600 evertoken.yaml

tokens:
  # The name, by which the token is asked for: evertoken get billing
  billing:
    # client_credentials, refresh_token, authorization_code, device_code, jwt_bearer or token_exchange
    grant: client_credentials
    # Its metadata tell the endpoints.
    issuer: https://id.example.com
    client:
      id: billing
      secret: env:BILLING_CLIENT_SECRET
      # client_secret_basic (default), client_secret_basic_raw, client_secret_post, client_secret_jwt or none
#      authentication: client_secret_post
    # Separated by spaces
#    scope: invoices:read invoices:write
    # For whom the token is, by a name that the issuer knows (Auth0), and for what (RFC 8707)
#    audience: https://api.example.com
#    resource: [https://api.example.com/invoices]
    # Where the issuer has no metadata
#    tokenEndpoint: https://id.example.com/token
    # Certificates (PEM) to trust at the issuer, instead of those that Node.js trusts
#    certificateAuthority: ca.pem
    # One of the stores below; "file" is the default
#    store: fleet
    # As below, for this token alone
#    policy:
#      refreshLead: 10m

  # You sign in once, in a browser: evertoken login mail
#  mail:
#    grant: authorization_code
#    issuer: https://accounts.example.com
#    client: { id: my-desktop }
#    scope: openid offline_access
    # Where the issuer gives a refresh token only if it is told more; access_type is for Google
#    parameters: { prompt: consent, access_type: offline }
    # The port of http://127.0.0.1:PORT/callback, where the issuer does not take any
#    redirectPort: 8400
    # "none" where a refresh token can be used again and again
#    rotation: none

  # You sign in once, where there is no browser: it shows a code to type in on another device
#  headless:
#    grant: device_code
#    issuer: https://accounts.example.com
#    client: { id: my-server }

  # A refresh token from elsewhere; without "refreshToken" it is set later: evertoken set partner
#  partner:
#    grant: refresh_token
#    tokenEndpoint: https://partner.example.com/oauth/token
#    client: { id: "4711", secret: keyring:evertoken/partner }
#    refreshToken: file:/run/secrets/partner-refresh-token
#    rotation: rotates

  # For a JWT that the platform writes. The client signs with a key of its own.
#  workload:
#    grant: jwt_bearer
#    issuer: https://id.example.com
#    assertion: /var/run/secrets/tokens/workload.jwt
#    client:
#      id: workload
#      authentication:
#        method: private_key_jwt
#        key: client-key.pem
#        keyId: 2026-01
#        algorithm: ES256

  # In exchange for another token. The platform vouches for the client.
#  exchanged:
#    grant: token_exchange
#    issuer: https://id.example.com
#    subjectToken: /var/run/secrets/tokens/subject.jwt
    # access_token, refresh_token, id_token, saml1, saml2, jwt (default), or a URI
#    subjectTokenType: jwt
#    client:
#      id: exchanger
#      authentication:
#        method: client_assertion
#        assertion: /var/run/secrets/tokens/client.jwt

  # The certificate of the connection tells who the client is.
#  mutual:
#    grant: client_credentials
#    issuer: https://id.example.com
#    client:
#      id: mutual
#      authentication:
#        method: tls_client_auth
#        certificate: client.pem
#        key: client-key.pem

# When tokens are renewed, for all that do not say otherwise. Shown are the defaults, but for refreshLead.
#policy:
  # The share of its lifetime for which a token is fresh
#  freshness: 0.75
  # Or how long before its end a token is renewed
#  refreshLead: 5m
  # The least time between the first attempt and the token's end
#  minimumStale: 30s
  # Where the issuer tells no lifetime
#  defaultLifetime: 5m
  # What is handed out is good for so long
#  minimumValidity: 0s
  # For how long a token is handed out after its end, while no newer one can be had
#  serveExpired: 0s
  # For how long the issuer takes a spent refresh token again
#  reuseLeeway: 0s
#  requestTimeout: 10s
  # Whether the moments of renewals are spread, so that a fleet does not ask at once
#  jitter: true

# Where tokens are kept: by default in files of the state directory. Hosts that name the same store share its tokens.
#stores:
#  fleet:
    # With a password in it, it is a secret: env:REDIS_URL
#    redis: redis://localhost:6379
#  database:
#    postgres: env:DATABASE_URL
#    schema: public
#    table: evertoken
#  shared:
#    file: /srv/tokens

# How tokens are encrypted where they are kept. The first key encrypts, all decrypt: openssl rand -base64 32
#encryption:
#  keys:
#    - file:/etc/evertoken/token.key

# Where clients find the server.
#listen:
#  socket: /run/evertoken/evertoken.sock
  # Besides the socket. Other addresses than 127.0.0.1 need tls, and --unsafe-bind.
#  tcp:
#    port: 8787
#    address: 127.0.0.1
#    apiKey: file:/etc/evertoken/api-key
#    tls:
#      certificate: server.pem
#      key: server-key.pem

#stateDirectory: ~/.local/state/evertoken

# Run when only a person can repair a grant. The name of the token is in EVERTOKEN_NAME.
#onSignInNeeded: [notify-send, "evertoken: please sign in"]

# trace, debug, info, warn, error, fatal or silent; json, or pretty as on a terminal
#log:
#  level: info
#  format: json

# Whether secrets may stand in this file, after all
#allowLiteralSecrets: false
`
