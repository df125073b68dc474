import { useFiles } from "file-events/react";
import { FileList } from "./file_list.tsx";
import { files, supabase } from "./files.ts";
import { SignIn } from "./sign_in.tsx";

export function App() {
  const { connection } = useFiles(files);
  if (connection.state === "signed-out") return <SignIn />;
  return (
    <>
      <header>
        <h1>Files</h1>
        <output className={connection.state} title={connection.reason}>{connection.state}</output>
        <button type="button" onClick={() => supabase.auth.signOut()}>Sign out</button>
      </header>
      <FileList />
    </>
  );
}
