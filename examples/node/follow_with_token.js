// The same without supabase-js: for Node 20, or where a token comes from somewhere else.
import { fileEvents } from "file-events";
import { print } from "./print.js";
import { email, key, password, url } from "./project.js";

let token;

async function getToken({ fresh }) {
  if (!token || fresh) {
    const response = await fetch(`${url}/auth/v1/token?grant_type=password`, {
      method: "POST",
      headers: { apikey: key, "content-type": "application/json" },
      body: JSON.stringify({ email, password }),
    });
    if (response.status === 400) return null; // This email and password can't sign in.
    if (!response.ok) throw new Error(`Auth answered ${response.status}`); // It is asked again later.
    token = (await response.json()).access_token;
  }
  return token;
}

const files = fileEvents({ getToken, url, key });
for await (const change of files.events()) print(change);
