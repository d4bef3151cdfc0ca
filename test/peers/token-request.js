// The request that an application writes for the peers that keep whatever a function of it returns: those of smithy, Azure
// and axios. The same for all of them.

export async function requestToken({ tokenEndpoint, clientId, clientSecret, scope }) {
  const response = await fetch(tokenEndpoint, {
    method: "POST",
    headers: { authorization: `Basic ${btoa(`${clientId}:${clientSecret}`)}` },
    body: new URLSearchParams({ grant_type: "client_credentials", ...(scope && { scope }) }),
  })
  if (!response.ok) throw new Error(`the issuer answered ${response.status}`)
  return response.json()
}
