// Signs in with the generated client and reads from every service of an embedded run: sign-in.js URL.
// scripts/check-api generates services.ts, whose type `Paths` has the paths of all documents.
import createClient from "openapi-fetch";
import type { Paths } from "./services.js";

const url = process.argv[2];
if (url === undefined) throw new Error("usage: sign-in.js URL");
const client = createClient<Paths>({ baseUrl: url });
const identifier = "client@ev.example";

async function oneTimeCode(): Promise<string> {
  const response = await fetch(`${url}/dev/messages?to=${identifier}`);
  const { items } = (await response.json()) as { items: { code?: string }[] };
  const code = items.map((message) => message.code).find((code) => code !== undefined);
  if (code === undefined) throw new Error(`no code was sent to ${identifier}`);
  return code;
}

const asked = await client.POST("/api/v1/auth/otp", { body: { identifier, channel: "email" } });
if (asked.error) throw new Error(`${asked.error.code}: ${asked.error.detail}`);
const code = await oneTimeCode();
const signedIn = await client.POST("/api/v1/auth/otp/verify", { body: { identifier, code, name: "Client" } });
if (signedIn.error) throw new Error(`${signedIn.error.code}: ${signedIn.error.detail}`);
const { access_token, user } = signedIn.data;

client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${access_token}`);
    return request;
  },
});
const me = await client.GET("/api/v1/users/me");
if (me.data?.id !== user.id) throw new Error("the token is of another user");
const reads = {
  binary: await client.GET("/api/v1/plan"),
  booking: await client.GET("/api/v1/vehicles"),
  compliance: await client.GET("/api/v1/compliance/documents"),
  notification: await client.GET("/api/v1/notifications"),
  payout: await client.GET("/api/v1/payouts"),
  reports: await client.GET("/api/v1/reports/me"),
  wallet: await client.GET("/api/v1/wallet/transactions"),
};
for (const [service, { error, response }] of Object.entries(reads)) {
  if (error || !response.ok) throw new Error(`${service} answers ${response.status}: ${JSON.stringify(error)}`);
}
console.log(`signed in as ${user.id}, and read from ${1 + Object.keys(reads).length} services`);
