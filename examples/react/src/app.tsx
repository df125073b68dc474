import { useFiles } from "file-events/react";
import { FileList } from "./file_list.tsx";
import { source, supabase } from "./files.ts";
import { SignIn } from "./sign_in.tsx";

export function App() {
  const { connection } = useFiles(source);
  if (connection.state === "signed-out") return <SignIn />;
  return (
    <>
      <header>
        <h1>Files</h1>
        <output className={connection.state}>{connection.state} {connection.reason}</output>
        <button type="button" onClick={() => supabase.auth.signOut()}>Sign out</button>
      </header>
      <FileList />
    </>
  );
}
