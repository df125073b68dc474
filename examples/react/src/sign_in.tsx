import { useActionState } from "react";
import { supabase } from "./files.ts";

export function SignIn() {
  const [message, signIn] = useActionState(async (_message: string, form: FormData) => {
    const { error } = await supabase.auth.signInWithPassword({
      email: String(form.get("email")),
      password: String(form.get("password")),
    });
    return error?.message ?? "";
  }, "");
  return (
    <form action={signIn}>
      <h1>Files</h1>
      <input name="email" type="email" placeholder="Email" autoComplete="username" required />
      <input
        name="password"
        type="password"
        placeholder="Password"
        autoComplete="current-password"
        required
      />
      <button type="submit">Sign in</button>
      <p role="alert">{message}</p>
    </form>
  );
}
